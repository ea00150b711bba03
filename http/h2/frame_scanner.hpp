// Finds the heads of frames in octets as they arrive (RFC 9113 section 4.1), however they are cut.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/h2/codec.hpp"

namespace pelton::http::h2 {

inline constexpr std::size_t frame_head_bytes = 9;

class FrameScanner {
 public:
  struct Step {
    std::size_t bytes;  // of the preface, or of one frame as far as it is there
    bool begins_frame;  // its head is whole now
  };

  // The head of the frame that has begun last.
  struct Head {
    FrameType type;
    std::uint8_t flags;
    StreamId stream;
    std::size_t bytes;  // of the payload
  };

  // `octets` follow those of the steps before and are not empty.
  Step step(std::string_view octets) {
    if (left_bytes_ != 0) return {take(octets, 0), false};
    const std::size_t head_bytes = std::min(octets.size(), frame_head_bytes - head_count_);
    std::copy_n(octets.data(), head_bytes, head_.data() + head_count_);
    head_count_ += head_bytes;
    if (head_count_ != frame_head_bytes) return {head_bytes, false};
    head_count_ = 0;
    left_bytes_ = head().bytes;
    return {take(octets, head_bytes), true};
  }

  Head head() const {
    const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(head_[at]); };
    const auto number = [&](std::size_t at, std::size_t bytes) {
      std::uint32_t value = 0;
      for (std::size_t index = at; index != at + bytes; ++index) value = value << 8 | octet(index);
      return value;
    };
    return {.type = FrameType(octet(3)),
            .flags = octet(4),
            .stream = static_cast<StreamId>(number(5, 4) & 0x7FFF'FFFF),
            .bytes = number(0, 3)};
  }

 private:
  // The octets behind the first `from`, as far as they are awaited.
  std::size_t take(std::string_view octets, std::size_t from) {
    const std::size_t bytes = std::min(octets.size() - from, left_bytes_);
    left_bytes_ -= bytes;
    return from + bytes;
  }

  std::array<char, frame_head_bytes> head_{};
  std::size_t head_count_ = 0;
  std::size_t left_bytes_ = preface.size();
};

}  // namespace pelton::http::h2

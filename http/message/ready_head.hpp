// The head of responses that differ only in date and content length, rendered once: "HTTP/1.1 200
// OK", Date, Content-Type, up to the digits of Content-Length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "http/message/content_type.hpp"
#include "http/message/response_head.hpp"

namespace pelton::http {

class ReadyHead {
 public:
  ReadyHead(std::uint16_t status, std::string_view content_type);

  // The parts of this head, for a response that needs more fields or fewer, or that may not be
  // sent.
  ResponseHead parts() const { return {.status = status_, .content_type = &content_type_}; }
  std::uint16_t status() const { return status_; }
  const ContentType& content_type() const { return content_type_; }
  // This head can be sent unchanged before a body of any length.
  bool is_plain() const { return is_plain_; }

  std::size_t bytes() const { return bytes_; }
  // How many octets copy_to() may write, with room for the date, which the caller fills in.
  std::size_t room_bytes() const { return padded_.size(); }
  // Copies whole blocks, whose sizes are constant.
  void copy_to(char* cursor) const {
    const char* const from = padded_.data();
    copy_block(cursor, from);
    copy_block(cursor + block_bytes, from + block_bytes);
    for (std::size_t at = 2 * block_bytes; at < padded_.size(); at += block_bytes) [[unlikely]] {
      copy_block(cursor + at, from + at);
    }
  }
  // The offset of the 29 octets of the date.
  std::size_t date_at() const { return date_at_; }

 private:
  static constexpr std::size_t block_bytes = 64;

  // Copies one register at a time. For larger copies gcc 16 uses a string instruction where it
  // expects few calls, and that instruction is slow to start.
  static void copy_block(char* to, const char* from) {
    constexpr std::size_t step = 16;
    std::memcpy(to, from, step);
    std::memcpy(to + step, from + step, step);
    std::memcpy(to + 2 * step, from + 2 * step, step);
    std::memcpy(to + 3 * step, from + 3 * step, step);
  }

  std::uint16_t status_;
  bool is_plain_;
  std::size_t bytes_;
  std::size_t date_at_;
  std::string padded_;
  ContentType content_type_;
};

}  // namespace pelton::http

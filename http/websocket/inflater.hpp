// Inflates deflated messages (RFC 7692) as they arrive. An inflater is lent for one message; no
// connection needs one of its own, because no context outlives a message (WS-061).
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/memory/output.hpp"

namespace pelton::http::websocket {

struct InflateLimits {
  std::uint64_t output_bytes_max = 0;
  std::uint64_t ratio_max = 0;  // of output to input, checked beyond `ratio_judged_beyond_bytes`
};

inline constexpr std::uint64_t ratio_judged_beyond_bytes = std::uint64_t{1} << 20;

class Inflater {
 public:
  enum class Verdict : std::uint8_t { good, bad_data, too_big, too_dense, no_memory };

  Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  bool ready() const { return ready_; }
  void begin(const InflateLimits& limits);
  // Appends the inflated octets; never more than the limit.
  Verdict inflate(std::string_view octets, Output& output);
  // Called after the last octets: adds the end that every message has and none carries (RFC 7692
  // section 7.2.2).
  Verdict finish(Output& output);

 private:
  z_stream stream_{};
  InflateLimits limits_;
  std::uint64_t taken_bytes_ = 0;
  std::uint64_t made_bytes_ = 0;
  bool ready_ = false;   // false: there was no memory for it
  bool judges_ = false;  // the next check of the ratio is due
  bool ended_ = false;   // the last octets ended a final block
};

class InflaterPool {
 public:
  std::unique_ptr<Inflater> lend();
  void give_back(std::unique_ptr<Inflater> inflater);
  std::size_t lent() const { return lent_; }

 private:
  // How many are kept for reuse; others go back to the heap.
  static constexpr std::size_t kept_max = 4;

  std::vector<std::unique_ptr<Inflater>> free_;
  std::size_t lent_ = 0;
};

}  // namespace pelton::http::websocket

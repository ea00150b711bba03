// Writes HTTP/1.1 responses with a whole body straight into a connection's output: the head first,
// the body behind it by whoever makes it, and last the Content-Length patched in place.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/stats.hpp"
#include "http/message/response_head.hpp"

namespace noria::http::h1 {

// What every response of a core starts with, built once and refreshed when the second changes.
class ResponseBlocks {
 public:
  ResponseBlocks();

  // "HTTP/1.1 200 OK\r\n" for 200 to 599 (RSP-016).
  std::string_view status_line(std::uint16_t status) const { return status_lines_[status - 200u]; }
  // "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RSP-017).
  std::string_view date() const { return {date_.data(), date_.size()}; }
  void refresh(std::int64_t wall_seconds);

 private:
  std::array<std::string, 400> status_lines_;
  std::array<char, 37> date_{};
  std::int64_t date_seconds_ = -1;
};

// How the connection goes on after this response (CON-023, H1-084).
enum class Persistence : std::uint8_t {
  keep,         // HTTP/1.1: nothing is said
  keep_stated,  // HTTP/1.0: "Connection: keep-alive"
  close,        // "Connection: close"
};

class ResponseWriter {
 public:
  ResponseWriter(const ResponseBlocks& blocks, Stats& stats) : blocks_(blocks), stats_(stats) {}

  // Writes the head. `for_head`: the request's method was HEAD, so no body octet will leave
  // (RSP-003). After a fault nothing was written.
  HeadFault begin(Output& output, const ResponseHead& head, Persistence persistence, bool for_head);
  // Ends the body that was appended since begin(). HeadFault::length takes everything back.
  HeadFault finish(Output& output);
  // Takes back everything since begin().
  void abandon(Output& output) { output.truncate(start_); }

  // The handler asked for "Connection: close" in this response.
  bool close_wanted() const { return close_wanted_; }

 private:
  enum class BodyRule : std::uint8_t { whole, head_only, none, empty };

  HeadFault judge(const ResponseHead& head);
  void patch_length(Output& output, std::size_t length);
  void move_tail(Output& output, unsigned digits);

  const ResponseBlocks& blocks_;
  Stats& stats_;
  std::size_t start_ = 0;
  std::size_t length_at_ = 0;  // of the digits
  std::size_t body_at_ = 0;
  std::uint64_t declared_length_ = 0;
  // Digits of the last length: bodies of one route tend to be alike, so most are right at once.
  unsigned length_digits_ = 2;
  BodyRule rule_ = BodyRule::whole;
  bool close_wanted_ = false;
  bool has_date_ = false;
  bool has_length_ = false;
  std::size_t dropped_count_ = 0;
};

}  // namespace noria::http::h1

// Writes HTTP/1.1 responses directly into a connection's output. For a whole body: the head, then
// the caller's body, and last Content-Length patched in place. For a body in pieces: the head, and
// how the pieces are framed.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "core/memory/output.hpp"
#include "core/stats.hpp"
#include "core/two_digits.hpp"
#include "http/h1/streamed_body.hpp"
#include "http/message/persistence.hpp"
#include "http/message/ready_head.hpp"
#include "http/message/request_head.hpp"
#include "http/message/response_additions.hpp"
#include "http/message/response_defaults.hpp"
#include "http/message/response_fields.hpp"
#include "http/message/response_head.hpp"

namespace pelton::http::h1 {

// The beginning of every response of a core: the status line (RSP-016) and the Date line (RSP-017),
// together because nearly every response sends both. Built once; a block takes a new date when it
// is next used.
class ResponseBlocks {
 public:
  static constexpr std::uint16_t status_min = 200;
  static constexpr std::uint16_t status_max = 599;
  static constexpr std::size_t block_bytes = 128;

  struct Block {
    std::array<char, block_bytes> octets;
    std::int64_t date_seconds;
    std::uint8_t status_line_bytes;
    std::uint8_t bytes;  // with the Date line

    std::string_view status_line() const { return {octets.data(), status_line_bytes}; }
  };

  ResponseBlocks();

  // For a status from 200 to 599.
  const Block& of(std::uint16_t status) {
    Block& block = blocks_[static_cast<std::size_t>(status - status_min)];
    if (block.date_seconds != date_seconds_) [[unlikely]]
      renew(block);
    return block;
  }
  // The 29 octets of the date alone (RFC 9110 section 5.6.7).
  void copy_date(char* cursor) const { std::memcpy(cursor, date_.data() + 6, 29); }
  // True if another second has begun.
  bool refresh(std::int64_t wall_seconds) {
    if (wall_seconds == date_seconds_) [[likely]]
      return false;
    write_date(wall_seconds);
    return true;
  }

 private:
  void renew(Block& block) const;
  void write_date(std::int64_t wall_seconds);

  std::array<Block, status_max - status_min + 1> blocks_;
  std::array<char, 37> date_{};
  std::int64_t date_seconds_ = -1;
};

class ResponseWriter {
 public:
  // `additions`: null if no field depends on the request.
  ResponseWriter(ResponseBlocks& blocks, Stats& stats, ResponseDefaults defaults = {},
                 ResponseAdditions* additions = nullptr)
      : blocks_(blocks),
        stats_(stats),
        plain_(defaults.is_plain() && additions == nullptr),
        defaults_(std::move(defaults)),
        additions_(additions) {}

  // Writes the head of the response to `request`; to HEAD no body octet is sent (RSP-003). After a
  // fault nothing was written.
  HeadFault begin(Output& output, const ResponseHead& head, Persistence persistence,
                  const RequestHead& request);
  // True if the octets of `head` are those of the response, with nothing to add or to leave out.
  bool copies(const ReadyHead& head, Persistence persistence, const RequestHead& request) const {
    return persistence == Persistence::keep && request.method != Method::head &&
           (head.is_plain() & plain_);
  }
  // For a head that the writer copies.
  HeadFault begin(Output& output, const ReadyHead& head) {
    if (!output.make_room(head.room_bytes() + own_lines_bytes)) [[unlikely]] {
      output.recover();
      return HeadFault::memory;
    }
    char* const begin = output.data() + output.size();
    head.copy_to(begin);
    blocks_.copy_date(begin + head.date_at());
    start_ = output.size();
    said_.close = false;  // nothing reads the others by this rule
    rule_ = BodyRule::whole;
    length_at_ = start_ + head.bytes();
    body_at_ = length_at_ + length_digits_ + 4;
    std::memcpy(begin + head.bytes() + length_digits_, "\r\n\r\n", 4);
    output.truncate(body_at_);
    return HeadFault::none;
  }
  // The same for a 426, with the fields that name WebSocket, which no handler may set (WS-001,
  // WS-002).
  HeadFault begin_naming_websocket(Output& output, const ResponseHead& head,
                                   Persistence persistence, const RequestHead& request);
  // Ends the body that was appended since begin(). A fault undoes everything.
  HeadFault finish(Output& output) {
    if (rule_ != BodyRule::whole) [[unlikely]]
      return finish_by_rule(output);
    return patch_length(output, output.size() - body_at_);
  }
  // Writes the head of the response to `request` whose body comes in pieces; `body` says how they
  // are framed. The handler's Content-Length declares a length. After a fault nothing was written.
  HeadFault begin_stream(Output& output, const ResponseHead& head, Persistence persistence,
                         const RequestHead& request, StreamedBody& body);
  // Writes a 103 with a Link field for each of them (RSP-010). After a fault nothing was written.
  static HeadFault write_early_hints(Output& output, std::span<const std::string_view> links);
  // Undoes everything since begin().
  void abandon(Output& output) {
    output.truncate(start_);
    output.recover();
  }

  // Body octets of the response finished last; valid until more is written.
  std::size_t body_bytes_in(const Output& output) const {
    const bool whole = rule_ == BodyRule::whole || rule_ == BodyRule::declared;
    return whole ? output.size() - (length_at_ + length_digits_ + 4) : 0;
  }

  const ResponseDefaults& defaults() const { return defaults_; }

  // The handler asked for "Connection: close" in this response, or its framing needs it.
  bool close_wanted() const { return said_.close; }

 private:
  enum class BodyRule : std::uint8_t {
    whole,
    declared,  // whole, and its handler has set Content-Length
    head_only,
    none,
    empty,
  };

  // Room for lines that the writer adds to the blocks, and some to spare.
  static constexpr std::size_t own_lines_bytes = 128;

  HeadFault open(Output& output, const ResponseHead& head, const RequestHead& request,
                 char*& cursor);
  static char* put_phrase(char* begin, const ResponseBlocks::Block& block, std::string_view phrase,
                          bool date);
  char* put_persistence(char* cursor, Persistence persistence) const;
  HeadFault finish_by_rule(Output& output);
  HeadFault patch_length(Output& output, std::size_t length) {
    if (length - length_least_ >= length_count_) [[unlikely]] {
      if (!move_tail(output, length)) {
        abandon(output);
        return HeadFault::memory;
      }
    }
    char* cursor = output.data() + length_at_ + length_digits_;
    for (; length >= 100; length /= 100) put_two_digits(cursor -= 2, length % 100);
    if (length >= 10) {
      put_two_digits(cursor - 2, length);
    } else {
      cursor[-1] = static_cast<char>('0' + length);
    }
    return HeadFault::none;
  }
  bool move_tail(Output& output, std::size_t length);  // false if there is no memory
  char* put_defaults(char* cursor, std::span<const FieldView> fields) const;
  static char* put_additions(char* cursor, std::span<const FieldView> added,
                             std::span<const FieldView> fields);

  ResponseBlocks& blocks_;
  Stats& stats_;
  const bool plain_;  // no defaults beyond the usual are added
  const ResponseDefaults defaults_;
  ResponseAdditions* const additions_;
  std::size_t start_ = 0;
  std::size_t length_at_ = 0;  // of the digits
  std::size_t body_at_ = 0;
  // Digits of the last length: the bodies of one route are mostly alike, so this often fits at
  // once.
  unsigned length_digits_ = 2;
  std::size_t length_least_ = 10;  // the smallest length with so many digits
  std::size_t length_count_ = 90;
  BodyRule rule_ = BodyRule::whole;
  SaidFields said_;
};

}  // namespace pelton::http::h1

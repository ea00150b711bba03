#include "http/h1/response_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>
#include <string>

#include "core/check.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/status.hpp"

namespace pelton::http::h1 {
namespace {

constexpr std::size_t length_digits_max = 20;
constexpr std::size_t phrase_at = 13;  // in a status line

constexpr std::string_view date_prefix = "Date: ";
constexpr std::string_view length_prefix = "Content-Length: ";
constexpr std::string_view chunked_line = "Transfer-Encoding: chunked\r\n";
constexpr std::string_view keep_alive_line = "Connection: keep-alive\r\n";
constexpr std::string_view close_line = "Connection: close\r\n";
constexpr std::string_view websocket_lines =
    "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n";
constexpr std::string_view early_hints_line = "HTTP/1.1 103 Early Hints\r\n";
constexpr std::string_view link_prefix = "Link: ";
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

char* put(char* cursor, std::string_view text) {
  std::memcpy(cursor, text.data(), text.size());
  return cursor + text.size();
}

char* put(char* cursor, const ResponseBlocks::Block& block) {
  // Copies whole halves: most blocks fit in one, and its size is constant.
  constexpr std::size_t half = ResponseBlocks::block_bytes / 2;
  std::memcpy(cursor, block.octets.data(), half);
  if (block.bytes > half) [[unlikely]]
    std::memcpy(cursor + half, block.octets.data() + half, half);
  return cursor + block.bytes;
}

}  // namespace

ResponseBlocks::ResponseBlocks() {
  for (std::uint16_t status = status_min; status <= status_max; ++status) {
    Block& block = blocks_[static_cast<std::size_t>(status - status_min)];
    std::string line = "HTTP/1.1 " + std::to_string(status) + " ";
    line += standard_phrase(status);
    line += line_end;
    CHECK(line.size() + date_.size() <= block_bytes);
    block.octets.fill(' ');
    put(block.octets.data(), line);
    block.status_line_bytes = static_cast<std::uint8_t>(line.size());
    block.bytes = static_cast<std::uint8_t>(line.size() + date_.size());
    block.date_seconds = -1;
  }
  write_date(0);
}

void ResponseBlocks::renew(Block& block) const {
  put(block.octets.data() + block.status_line_bytes, {date_.data(), date_.size()});
  block.date_seconds = date_seconds_;
}

void ResponseBlocks::write_date(std::int64_t wall_seconds) {
  date_seconds_ = wall_seconds;
  static constexpr char days[] = "SunMonTueWedThuFriSat";
  static constexpr char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::tm time{};
  const std::time_t seconds = static_cast<std::time_t>(wall_seconds);
  ::gmtime_r(&seconds, &time);
  // RFC 9110 section 5.6.7: IMF-fixdate.
  char* cursor = put(date_.data(), date_prefix);
  cursor = put(cursor, {days + time.tm_wday * 3, 3});
  cursor = put(cursor, ", ");
  put_two_digits(cursor, time.tm_mday);
  cursor[2] = ' ';
  cursor = put(cursor + 3, {months + time.tm_mon * 3, 3});
  *cursor++ = ' ';
  const int year = time.tm_year + 1900;
  put_two_digits(cursor, year / 100);
  put_two_digits(cursor + 2, year % 100);
  cursor[4] = ' ';
  put_two_digits(cursor + 5, time.tm_hour);
  cursor[7] = ':';
  put_two_digits(cursor + 8, time.tm_min);
  cursor[10] = ':';
  put_two_digits(cursor + 11, time.tm_sec);
  put(cursor + 13, " GMT\r\n");
}

// Writes the defaults that the handler did not set itself.
[[gnu::noinline]] char* ResponseWriter::put_defaults(char* cursor,
                                                     std::span<const FieldView> fields) const {
  for (const ResponseDefaults::Line& line : defaults_.lines()) {
    const bool said = std::any_of(fields.begin(), fields.end(), [&](const FieldView& field) {
      return is_same_name(field.name, line.name());
    });
    if (!said) cursor = put(cursor, line.octets);
  }
  return cursor;
}

// Writes the additions that the handler did not set itself.
[[gnu::noinline]] char* ResponseWriter::put_additions(char* cursor,
                                                      std::span<const FieldView> added,
                                                      std::span<const FieldView> fields) {
  for (const FieldView& addition : added) {
    if (is_said(fields, addition)) continue;
    cursor = put(put(cursor, addition.name), ": ");
    cursor = put(put(cursor, addition.value), line_end);
  }
  return cursor;
}

// Writes the status line again, with the application's phrase.
[[gnu::noinline]] char* ResponseWriter::put_phrase(char* begin, const ResponseBlocks::Block& block,
                                                   std::string_view phrase, bool date) {
  const std::string_view all(block.octets.data(), block.bytes);
  const std::string_view date_line = date ? all.substr(block.status_line_bytes) : "";
  if (!is_field_value(phrase)) return put(put(begin, block.status_line()), date_line);
  char* const cursor = put(put(begin, all.substr(0, phrase_at)), phrase);
  return put(put(cursor, line_end), date_line);
}

// Writes everything before the lines on the connection and the body. `cursor` is at its end, in
// reserved memory.
[[gnu::always_inline]] inline HeadFault ResponseWriter::open(Output& output,
                                                             const ResponseHead& head,
                                                             const RequestHead& request,
                                                             char*& cursor) {
  start_ = output.size();
  said_ = {};
  if (head.status < ResponseBlocks::status_min || head.status > ResponseBlocks::status_max) {
    return HeadFault::status;
  }
  std::size_t room = ResponseBlocks::block_bytes + own_lines_bytes + defaults_.bytes();
  if (head.content_type != nullptr) {
    if (!head.content_type->is_field_value()) return HeadFault::header;
    room += head.content_type->room_bytes();
  }
  if (!head.fields.empty()) {
    std::size_t bytes = head.content_type != nullptr ? head.content_type->text().size() : 0;
    if (const HeadFault fault = judge_response_fields(head.fields, bytes, said_, stats_);
        fault != HeadFault::none) {
      return fault;
    }
    room += bytes;
  } else if (room > response_head_bytes_max) {
    return HeadFault::header;
  }
  room += head.phrase.size();
  std::span<const FieldView> added;
  if (additions_ != nullptr) [[unlikely]] {
    added = additions_->additions_for(request);
    for (const FieldView& field : added) room += field.name.size() + field.value.size() + 4;
  }
  rule_ = request.method == Method::head ? BodyRule::head_only
          : said_.length                 ? BodyRule::declared
                                         : BodyRule::whole;
  if (head.status == 204 || head.status == 304) {
    rule_ = BodyRule::none;
  } else if (head.status == 205) {
    rule_ = BodyRule::empty;
  }

  char* const begin = output.reserve(room);
  if (begin == nullptr) {
    output.recover();
    return HeadFault::memory;
  }
  const ResponseBlocks::Block& block = blocks_.of(head.status);
  const bool date = defaults_.date() && !said_.date;
  cursor = date ? put(begin, block) : put(begin, block.status_line());
  if (!head.phrase.empty()) [[unlikely]]
    cursor = put_phrase(begin, block, head.phrase, date);
  if (defaults_.bytes() != 0) [[unlikely]]
    cursor = put_defaults(cursor, head.fields);
  if (!added.empty()) [[unlikely]]
    cursor = put_additions(cursor, added, head.fields);
  if (head.content_type != nullptr) cursor = head.content_type->write_line(cursor);
  for (const FieldView& field : head.fields) {
    if (is_set_by_server(field)) continue;
    cursor = put(cursor, field.name);
    cursor = put(cursor, ": ");
    cursor = put(cursor, field.value);
    cursor = put(cursor, line_end);
  }
  return HeadFault::none;
}

[[gnu::always_inline]] inline char* ResponseWriter::put_persistence(char* cursor,
                                                                    Persistence persistence) const {
  if (said_.close || persistence == Persistence::close) return put(cursor, close_line);
  return persistence == Persistence::keep_stated ? put(cursor, keep_alive_line) : cursor;
}

HeadFault ResponseWriter::begin(Output& output, const ResponseHead& head, Persistence persistence,
                                const RequestHead& request) {
  char* cursor = nullptr;
  if (const HeadFault fault = open(output, head, request, cursor); fault != HeadFault::none) {
    return fault;
  }
  char* const begin = output.data() + start_;
  cursor = put_persistence(cursor, persistence);
  if (rule_ == BodyRule::none) {
    cursor = put(cursor, line_end);
  } else {
    cursor = put(cursor, length_prefix);
    length_at_ = start_ + static_cast<std::size_t>(cursor - begin);
    cursor += length_digits_;
    cursor = put(cursor, head_end);
  }
  output.advance(static_cast<std::size_t>(cursor - begin));
  body_at_ = output.size();
  return HeadFault::none;
}

HeadFault ResponseWriter::begin_naming_websocket(Output& output, const ResponseHead& head,
                                                 Persistence persistence,
                                                 const RequestHead& request) {
  const HeadFault fault = begin(output, head, persistence, request);
  if (fault != HeadFault::none) return fault;
  // These lines follow the status line, so everything after it moves.
  const std::size_t at = start_ + blocks_.of(head.status).status_line_bytes;
  const std::size_t moved_bytes = output.size() - at;
  if (!output.make_room(websocket_lines.size())) {
    abandon(output);
    return HeadFault::memory;
  }
  std::memmove(output.data() + at + websocket_lines.size(), output.data() + at, moved_bytes);
  put(output.data() + at, websocket_lines);
  output.advance(websocket_lines.size());
  length_at_ += websocket_lines.size();
  body_at_ += websocket_lines.size();
  return HeadFault::none;
}

HeadFault ResponseWriter::begin_stream(Output& output, const ResponseHead& head,
                                       Persistence persistence, const RequestHead& request,
                                       StreamedBody& body) {
  using Framing = StreamedBody::Framing;
  char* cursor = nullptr;
  const bool for_head = request.method == Method::head;
  if (const HeadFault fault = open(output, head, request, cursor); fault != HeadFault::none) {
    return fault;
  }
  Framing framing = Framing::none;
  if (rule_ == BodyRule::empty) {
    cursor = put(put(cursor, length_prefix), "0\r\n");
  } else if (rule_ != BodyRule::none && said_.length) {
    framing = Framing::length;
    cursor = put(cursor, length_prefix);
    cursor = std::to_chars(cursor, cursor + length_digits_max, said_.declared_length).ptr;
    cursor = put(cursor, line_end);
  } else if (rule_ != BodyRule::none && request.version_minor != 0) {
    framing = Framing::chunked;
    cursor = put(cursor, chunked_line);
  } else if (rule_ != BodyRule::none) {
    framing = Framing::until_close;
    said_.close = true;  // also for HEAD, whose response ends without it
  }
  cursor = put(put_persistence(cursor, persistence), line_end);
  output.advance(static_cast<std::size_t>(cursor - (output.data() + start_)));
  // HEAD gets the fields of GET, but no body octet (RSP-003).
  body = StreamedBody(for_head ? Framing::none : framing, said_.declared_length,
                      takes_trailers(request));
  return HeadFault::none;
}

HeadFault ResponseWriter::write_early_hints(Output& output,
                                            std::span<const std::string_view> links) {
  std::size_t bytes = early_hints_line.size() + line_end.size();
  for (const std::string_view link : links) {
    if (!is_field_value(link)) return HeadFault::header;
    bytes += link_prefix.size() + link.size() + line_end.size();
  }
  if (links.size() > response_fields_max || bytes > response_head_bytes_max)
    return HeadFault::header;
  if (!output.make_room(bytes)) {
    output.recover();
    return HeadFault::memory;
  }
  char* const begin = output.data() + output.size();
  char* cursor = put(begin, early_hints_line);
  for (const std::string_view link : links) {
    cursor = put(put(put(cursor, link_prefix), link), line_end);
  }
  put(cursor, line_end);
  output.advance(bytes);
  return HeadFault::none;
}

HeadFault ResponseWriter::finish_by_rule(Output& output) {
  const std::size_t body_bytes = output.size() - body_at_;
  switch (rule_) {
    case BodyRule::none:
      output.truncate(body_at_);
      return HeadFault::none;
    case BodyRule::empty:
      output.truncate(body_at_);
      return patch_length(output, 0);
    case BodyRule::head_only: {
      // A handler of HEAD may set the length that GET would have.
      const bool stated = said_.length && body_bytes == 0;
      if (said_.length && !stated && said_.declared_length != body_bytes) break;
      output.truncate(body_at_);
      return patch_length(output, stated ? said_.declared_length : body_bytes);
    }
    case BodyRule::declared:
      if (said_.declared_length != body_bytes) break;
      [[fallthrough]];
    case BodyRule::whole:
      return patch_length(output, body_bytes);
  }
  abandon(output);
  return HeadFault::length;
}

// Makes room for the digits of this length: the rest of the head and the body move.
[[gnu::noinline]] bool ResponseWriter::move_tail(Output& output, std::size_t length) {
  unsigned digits = 1;
  std::size_t bound = 10;
  // Nineteen digits hold every length there can be.
  for (; length >= bound && digits < 19; bound *= 10) ++digits;
  const std::size_t tail_at = length_at_ + length_digits_;
  const std::size_t tail_bytes = output.size() - tail_at;
  if (digits > length_digits_ && !output.make_room(digits - length_digits_)) return false;
  std::memmove(output.data() + length_at_ + digits, output.data() + tail_at, tail_bytes);
  output.truncate(length_at_ + digits + tail_bytes);
  length_digits_ = digits;
  length_least_ = digits == 1 ? 0 : bound / 10;
  length_count_ = bound - length_least_;
  return true;
}

}  // namespace pelton::http::h1

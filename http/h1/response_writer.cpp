#include "http/h1/response_writer.hpp"

#include <cstring>
#include <ctime>

#include "http/message/field_rules.hpp"
#include "http/message/folded_text.hpp"
#include "http/message/status.hpp"

namespace noria::http::h1 {
namespace {

constexpr std::size_t head_bytes_max = 64 * 1024;  // RSP-015
constexpr std::size_t field_count_max = 256;       // RSP-015

constexpr std::string_view date_prefix = "Date: ";
constexpr std::string_view type_prefix = "Content-Type: ";
constexpr std::string_view length_prefix = "Content-Length: ";
constexpr std::string_view keep_alive_line = "Connection: keep-alive\r\n";
constexpr std::string_view close_line = "Connection: close\r\n";
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

char* put(char* cursor, std::string_view text) {
  std::memcpy(cursor, text.data(), text.size());
  return cursor + text.size();
}

unsigned digits_in(std::size_t number) {
  unsigned digits = 1;
  std::size_t bound = 10;
  // Nineteen digits hold every length there can be.
  while (number >= bound && digits < 19) {
    ++digits;
    bound *= 10;
  }
  return digits;
}

// Left out, or stated by the writer itself.
bool is_written_by_us(const FieldView& field) {
  return folds_to<"connection">(field.name) || folds_to<"content-length">(field.name) ||
         is_hop_by_hop(field.name, field.value);
}

void two_digits(char* cursor, int number) {
  cursor[0] = static_cast<char>('0' + number / 10);
  cursor[1] = static_cast<char>('0' + number % 10);
}

}  // namespace

ResponseBlocks::ResponseBlocks() {
  for (std::uint16_t status = 200; status < 600; ++status) {
    std::string& line = status_lines_[status - 200u];
    line = "HTTP/1.1 " + std::to_string(status) + " ";
    line += standard_phrase(status);
    line += line_end;
  }
  refresh(0);
}

void ResponseBlocks::refresh(std::int64_t wall_seconds) {
  if (wall_seconds == date_seconds_) return;
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
  two_digits(cursor, time.tm_mday);
  cursor[2] = ' ';
  cursor = put(cursor + 3, {months + time.tm_mon * 3, 3});
  *cursor++ = ' ';
  two_digits(cursor, (time.tm_year + 1900) / 100);
  two_digits(cursor + 2, (time.tm_year + 1900) % 100);
  cursor[4] = ' ';
  two_digits(cursor + 5, time.tm_hour);
  cursor[7] = ':';
  two_digits(cursor + 8, time.tm_min);
  cursor[10] = ':';
  two_digits(cursor + 11, time.tm_sec);
  put(cursor + 13, " GMT\r\n");
}

HeadFault ResponseWriter::judge(const ResponseHead& head) {
  if (head.fields.size() > field_count_max) return HeadFault::header;
  if (!head.content_type.empty() && !is_field_value(head.content_type)) return HeadFault::header;
  std::size_t head_bytes = head.content_type.size();
  for (const FieldView& field : head.fields) {
    if (!is_token(field.name) || !is_field_value(field.value)) return HeadFault::header;
    head_bytes += field.name.size() + field.value.size() + 4;
    if (is_hop_by_hop(field.name, field.value)) {
      ++dropped_count_;
    } else if (folds_to<"connection">(field.name)) {
      close_wanted_ = true;
    } else if (folds_to<"date">(field.name)) {
      has_date_ = true;
    } else if (folds_to<"content-length">(field.name)) {
      std::uint64_t length = 0;
      if (has_length_ || !read_content_length(field.value, length)) return HeadFault::header;
      has_length_ = true;
      declared_length_ = length;
    }
  }
  return head_bytes > head_bytes_max ? HeadFault::header : HeadFault::none;
}

HeadFault ResponseWriter::begin(Output& output, const ResponseHead& head, Persistence persistence,
                                bool for_head) {
  start_ = output.size();
  close_wanted_ = has_date_ = has_length_ = false;
  dropped_count_ = 0;
  if (head.status < 200 || head.status > 599) return HeadFault::status;
  if (const HeadFault fault = judge(head); fault != HeadFault::none) return fault;
  if (dropped_count_ != 0) stats_.count(Reason::dropped_response_header, dropped_count_);

  rule_ = head.status == 204 || head.status == 304 ? BodyRule::none
          : head.status == 205                     ? BodyRule::empty
          : for_head                               ? BodyRule::head_only
                                                   : BodyRule::whole;
  const bool close = close_wanted_ || persistence == Persistence::close;

  std::size_t room = 256 + head.content_type.size();
  for (const FieldView& field : head.fields) room += field.name.size() + field.value.size() + 4;
  char* const begin = output.reserve(room);
  char* cursor = put(begin, blocks_.status_line(head.status));
  if (!has_date_) cursor = put(cursor, blocks_.date());
  if (!head.content_type.empty()) {
    cursor = put(cursor, type_prefix);
    cursor = put(cursor, head.content_type);
    cursor = put(cursor, line_end);
  }
  for (const FieldView& field : head.fields) {
    if (is_written_by_us(field)) continue;
    cursor = put(cursor, field.name);
    cursor = put(cursor, ": ");
    cursor = put(cursor, field.value);
    cursor = put(cursor, line_end);
  }
  if (close) {
    cursor = put(cursor, close_line);
  } else if (persistence == Persistence::keep_stated) {
    cursor = put(cursor, keep_alive_line);
  }
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

HeadFault ResponseWriter::finish(Output& output) {
  const std::size_t body_bytes = output.size() - body_at_;
  switch (rule_) {
    case BodyRule::none:
      output.truncate(body_at_);
      return HeadFault::none;
    case BodyRule::empty:
      output.truncate(body_at_);
      patch_length(output, 0);
      return HeadFault::none;
    case BodyRule::head_only: {
      // A handler that answers HEAD itself may state the length GET would have.
      const bool stated = has_length_ && body_bytes == 0;
      if (has_length_ && !stated && declared_length_ != body_bytes) break;
      output.truncate(body_at_);
      patch_length(output, stated ? declared_length_ : body_bytes);
      return HeadFault::none;
    }
    case BodyRule::whole:
      if (has_length_ && declared_length_ != body_bytes) break;
      patch_length(output, body_bytes);
      return HeadFault::none;
  }
  abandon(output);
  return HeadFault::length;
}

void ResponseWriter::patch_length(Output& output, std::size_t length) {
  const unsigned digits = digits_in(length);
  if (digits != length_digits_) [[unlikely]]
    move_tail(output, digits);
  char* cursor = output.data() + length_at_ + digits;
  for (; length >= 100; length /= 100) two_digits(cursor -= 2, static_cast<int>(length % 100));
  if (length >= 10) {
    two_digits(cursor - 2, static_cast<int>(length));
  } else {
    cursor[-1] = static_cast<char>('0' + length);
  }
}

// Makes room for a length of so many digits: the rest of the head and the body move.
void ResponseWriter::move_tail(Output& output, unsigned digits) {
  const std::size_t tail_at = length_at_ + length_digits_;
  const std::size_t tail_bytes = output.size() - tail_at;
  if (digits > length_digits_) output.reserve(digits - length_digits_);
  std::memmove(output.data() + length_at_ + digits, output.data() + tail_at, tail_bytes);
  output.truncate(length_at_ + digits + tail_bytes);
  length_digits_ = digits;
}

}  // namespace noria::http::h1

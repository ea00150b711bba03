#include "http/forms/part_head.hpp"

#include <algorithm>

#include "http/forms/parameters.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/octets.hpp"
#include "http/message/percent.hpp"

namespace pelton::http {
namespace {

// `UTF-8'language'text` (RFC 8187 section 3.2); false for another charset or what is not UTF-8.
bool read_extended(std::string_view value, std::string& text) {
  const std::size_t charset_bytes = value.find('\'');
  if (charset_bytes == std::string_view::npos) return false;
  const std::size_t language_end = value.find('\'', charset_bytes + 1);
  if (language_end == std::string_view::npos) return false;
  if (!is_same_name(value.substr(0, charset_bytes), "utf-8")) return false;
  const std::string_view coded = value.substr(language_end + 1);
  text.resize(coded.size());
  text.resize(decode_percent(coded, text.data()));
  return valid_utf8(text);
}

}  // namespace

void PartHead::clear() {
  octets_.clear();
  places_.clear();
  name_.clear();
  filename_.clear();
  has_filename_ = false;
  holds_parts_ = false;
}

PartHead::Field PartHead::field(std::size_t index) const {
  const Place& place = places_[index];
  const std::string_view octets = octets_;
  return {octets.substr(place.name_begin, place.name_bytes),
          octets.substr(place.value_begin, place.value_bytes)};
}

Reason PartHead::take_line(std::string_view line) {
  // A line that begins with a blank has no token before its colon (H1-031, H1-032).
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
      !is_field_value(line.substr(colon + 1))) {
    return Reason::refused_multipart_part_headers;
  }
  std::size_t begin = colon + 1;
  std::size_t end = line.size();
  while (begin < end && is_blank(line[begin])) ++begin;
  while (end > begin && is_blank(line[end - 1])) --end;
  places_.push_back({octets_.size(), colon, octets_.size() + begin, end - begin});
  octets_ += line;
  return Reason::none;
}

Reason PartHead::finish() {
  bool has_disposition = false;
  for (std::size_t index = 0; index < places_.size(); ++index) {
    const auto [name, value] = field(index);
    if (is_same_name(name, "content-disposition")) {
      if (has_disposition) return Reason::refused_multipart_syntax;
      has_disposition = true;
      if (const Reason reason = read_disposition(value); reason != Reason::none) return reason;
    } else if (is_same_name(name, "content-transfer-encoding")) {
      if (!is_same_name(value, "7bit") && !is_same_name(value, "8bit") &&
          !is_same_name(value, "binary")) {
        return Reason::refused_multipart_syntax;
      }
    } else if (is_same_name(name, "content-type")) {
      holds_parts_ = holds_parts_ || is_same_name(value.substr(0, 10), "multipart/");
    }
  }
  if (!has_disposition) return Reason::refused_multipart_syntax;
  if (!valid_utf8(name_) || !valid_utf8(filename_)) return Reason::answered_form_not_utf8;
  return Reason::none;
}

Reason PartHead::read_disposition(std::string_view value) {
  if (!is_same_name(in_front_of_parameters(value), "form-data")) {
    return Reason::refused_multipart_syntax;
  }
  std::size_t names = 0;
  std::size_t filenames = 0;
  std::size_t extended_count = 0;
  std::string extended;
  Parameter parameter;
  Parameters parameters(value.substr(std::min(value.find(';'), value.size())));
  for (auto next = parameters.next(parameter); next != Parameters::Next::end;
       next = parameters.next(parameter)) {
    if (next == Parameters::Next::malformed) return Reason::refused_multipart_syntax;
    if (is_same_name(parameter.name, "name")) {
      ++names;
      name_ = parameter.value;
    } else if (is_same_name(parameter.name, "filename")) {
      ++filenames;
      filename_ = parameter.value;
    } else if (is_same_name(parameter.name, "filename*")) {
      ++extended_count;
      extended = parameter.value;
    }
  }
  if (names != 1 || filenames > 1 || extended_count > 1) return Reason::refused_multipart_syntax;
  has_filename_ = filenames + extended_count > 0;
  if (filenames == 0 && extended_count == 1 && !read_extended(extended, filename_)) {
    return Reason::refused_multipart_syntax;
  }
  return Reason::none;
}

}  // namespace pelton::http

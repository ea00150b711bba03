#include "http/h2/response_list.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"

namespace pelton::http::h2 {

namespace {

constexpr std::size_t date_bytes = 29;  // RFC 9110 section 5.6.7
constexpr std::size_t length_digits_max = 20;

char lower(char octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet | 0x20) : octet;
}

}  // namespace

void ResponseList::clear() {
  text_.clear();
  places_.clear();
  said_ = {};
}

void ResponseList::add(std::string_view name, std::string_view value) {
  places_.push_back({.at = static_cast<std::uint32_t>(text_.size()),
                     .name_bytes = static_cast<std::uint32_t>(name.size()),
                     .value_bytes = static_cast<std::uint32_t>(value.size())});
  for (const char octet : name) text_ += lower(octet);
  text_ += value;
}

HeadFault ResponseList::begin(const ResponseHead& head, const RequestHead* request) {
  clear();
  status_ = head.status;
  if (head.status < h1::ResponseBlocks::status_min ||
      head.status > h1::ResponseBlocks::status_max) {
    return HeadFault::status;
  }
  std::size_t bytes = 0;
  if (head.content_type != nullptr) {
    if (!head.content_type->is_field_value()) return HeadFault::header;
    bytes = head.content_type->text().size();
  }
  if (const HeadFault fault = judge_response_fields(head.fields, bytes, said_, stats_);
      fault != HeadFault::none) {
    return fault;
  }
  if (bytes > response_head_bytes_max) return HeadFault::header;
  if (defaults_.date() && !said_.date) {
    std::array<char, date_bytes> date;
    dates_.copy_date(date.data());
    add("date", {date.data(), date.size()});
  }
  for (const ResponseDefaults::Line& line : defaults_.lines()) {
    const bool said = std::ranges::any_of(
        head.fields, [&](const FieldView& field) { return is_same_name(field.name, line.name()); });
    if (!said) add(line.name(), line.value());
  }
  if (additions_ != nullptr && request != nullptr) {
    for (const FieldView& addition : additions_->additions_for(*request)) {
      if (!is_said(head.fields, addition)) add(addition.name, addition.value);
    }
  }
  if (head.content_type != nullptr) add("content-type", head.content_type->text());
  for (const FieldView& field : head.fields) {
    if (!is_set_by_server(field)) add(field.name, trimmed(field.value));
  }
  return HeadFault::none;
}

void ResponseList::add_length(std::uint64_t bytes) {
  std::array<char, length_digits_max> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes).ptr;
  add("content-length", {digits.data(), end});
}

std::span<const FieldView> ResponseList::fields() {
  list_.clear();
  for (const Place& place : places_) {
    const std::string_view text = std::string_view(text_).substr(place.at);
    list_.push_back(
        {text.substr(0, place.name_bytes), text.substr(place.name_bytes, place.value_bytes)});
  }
  return list_;
}

HeadFault ResponseList::begin_early_hints(std::span<const std::string_view> links) {
  clear();
  std::size_t bytes = 0;
  for (const std::string_view link : links) {
    if (!is_field_value(link)) return HeadFault::header;
    bytes += link.size();
  }
  if (links.size() > response_fields_max || bytes > response_head_bytes_max) {
    return HeadFault::header;
  }
  for (const std::string_view link : links) add("link", trimmed(link));
  return HeadFault::none;
}

void ResponseList::begin_trailers(std::span<const FieldView> trailers) {
  clear();
  for (const FieldView& field : trailers) {
    if (is_token(field.name) && is_field_value(field.value) && !is_forbidden_trailer(field.name)) {
      add(field.name, trimmed(field.value));
    } else {
      stats_.count(Reason::dropped_response_trailer);
    }
  }
}

}  // namespace pelton::http::h2

#include "http/files/preconditions.hpp"

#include <optional>

#include "http/files/http_date.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/field_search.hpp"

namespace pelton::http {
namespace {

bool is_space(char octet) {
  return octet == ' ' || octet == '\t';
}

// RFC 9110 section 8.8.3: '!', '#' to '~', and octets outside ASCII.
bool is_tag_octet(char octet) {
  const auto value = static_cast<unsigned char>(octet);
  return value == 0x21 || (value >= 0x23 && value <= 0x7E) || value >= 0x80;
}

// Takes `W/"..."` or `"..."` from the front of the list; nothing if there is none.
struct ListedTag {
  std::string_view opaque;  // with its quotes
  bool is_weak = false;
};

std::optional<ListedTag> take_tag(std::string_view& list) {
  ListedTag tag;
  std::size_t at = 0;
  if (list.starts_with("W/")) {
    tag.is_weak = true;
    at = 2;
  }
  if (at >= list.size() || list[at] != '"') return std::nullopt;
  std::size_t end = at + 1;
  while (end < list.size() && is_tag_octet(list[end])) ++end;
  if (end == list.size() || list[end] != '"') return std::nullopt;
  tag.opaque = list.substr(at, end + 1 - at);
  list.remove_prefix(end + 1);
  return tag;
}

enum class Asked : std::uint8_t { absent, matches, differs };

Asked ask_tags(const RequestHead& head, std::string_view name, const Validators& validators,
               Comparison comparison) {
  Asked asked = Asked::absent;
  for (const Field& field : head.fields) {
    if (!is_same_name(head.text(field.name), name)) continue;
    if (lists_tag(head.text(field.value), validators.entity_tag, comparison)) return Asked::matches;
    asked = Asked::differs;
  }
  return asked;
}

std::optional<std::int64_t> date_in(const RequestHead& head, std::string_view name,
                                    std::int64_t now_seconds) {
  const std::string_view value = only_field(head, name);
  return value.empty() ? std::nullopt : read_http_date(value, now_seconds);
}

}  // namespace

std::string_view only_field(const RequestHead& head, std::string_view name) {
  std::string_view found;
  bool is_there = false;
  for (const Field& field : head.fields) {
    if (!is_same_name(head.text(field.name), name)) continue;
    if (is_there) return {};
    is_there = true;
    found = head.text(field.value);
  }
  return found;
}

bool lists_tag(std::string_view list, std::string_view entity_tag, Comparison comparison) {
  if (list == "*") return true;
  if (entity_tag.starts_with("W/")) {
    if (comparison == Comparison::strong) return false;
    entity_tag.remove_prefix(2);
  }
  if (entity_tag.empty()) return false;
  for (;;) {
    while (!list.empty() && (is_space(list.front()) || list.front() == ',')) list.remove_prefix(1);
    const std::optional<ListedTag> tag = take_tag(list);
    if (!tag) return false;
    while (!list.empty() && is_space(list.front())) list.remove_prefix(1);
    if (!list.empty() && list.front() != ',') return false;
    const bool may_match = comparison == Comparison::weak || !tag->is_weak;
    if (may_match && tag->opaque == entity_tag) return true;
  }
}

Precondition judge_preconditions(const RequestHead& head, const Validators& validators,
                                 std::int64_t now_seconds) {
  const Asked match = ask_tags(head, "if-match", validators, Comparison::strong);
  if (match == Asked::differs) return Precondition::failed;
  if (match == Asked::absent && validators.has_date) {
    const auto unmodified = date_in(head, "if-unmodified-since", now_seconds);
    if (unmodified && validators.modified_seconds > *unmodified) return Precondition::failed;
  }
  const Asked none_match = ask_tags(head, "if-none-match", validators, Comparison::weak);
  if (none_match == Asked::matches) return Precondition::not_modified;
  if (none_match == Asked::absent && validators.has_date) {
    const auto modified = date_in(head, "if-modified-since", now_seconds);
    if (modified && validators.modified_seconds <= *modified) return Precondition::not_modified;
  }
  return Precondition::proceed;
}

bool ranges_apply(const RequestHead& head, const Validators& validators, std::int64_t now_seconds) {
  if (find_field(head, "if-range") == nullptr) return true;
  const std::string_view value = only_field(head, "if-range");
  if (value.contains('"')) return !value.starts_with("W/") && value == validators.entity_tag;
  const auto date = read_http_date(value, now_seconds);
  return date && validators.has_date && *date == validators.modified_seconds;
}

}  // namespace pelton::http

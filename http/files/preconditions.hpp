// Whether a request's conditions allow the file as answer, in the order of RFC 9110 section 13.2.2
// (STA-010), and whether its ranges apply to this file (STA-014).
#pragma once

#include <cstdint>
#include <string_view>

#include "http/message/request_head.hpp"

namespace pelton::http {

// What the client's validators are compared with. Without an entity tag none of the client's
// matches.
struct Validators {
  std::string_view entity_tag;  // as sent, with its quotes; empty: none
  std::int64_t modified_seconds = 0;
  bool has_date = true;
};

enum class Precondition : std::uint8_t {
  proceed,
  not_modified,  // 304
  failed,        // 412
};

// For GET and HEAD. An invalid date is no condition.
Precondition judge_preconditions(const RequestHead& head, const Validators& validators,
                                 std::int64_t now_seconds);

// False if If-Range names another state of the file.
bool ranges_apply(const RequestHead& head, const Validators& validators, std::int64_t now_seconds);

// The value of the only field of this name; empty if there is none or more than one.
std::string_view only_field(const RequestHead& head, std::string_view name);

enum class Comparison : std::uint8_t { strong, weak };

// Whether a list of entity tags, or "*", contains the tag. A malformed element ends the list.
bool lists_tag(std::string_view list, std::string_view entity_tag, Comparison comparison);

}  // namespace pelton::http

// Whether a request's conditions let it be answered with the file, in the order of RFC 9110
// section 13.2.2 (STA-010), and whether its ranges are meant for this file (STA-014).
#pragma once

#include <cstdint>
#include <string_view>

#include "http/message/request_head.hpp"

namespace pelton::http {

// What a validator is compared with. Without one an entity tag of the client's never matches.
struct Validators {
  std::string_view entity_tag;  // as it is sent, with its quotes; empty: none
  std::int64_t modified_seconds = 0;
  bool has_date = true;
};

enum class Precondition : std::uint8_t {
  proceed,
  not_modified,  // 304
  failed,        // 412
};

// For GET and HEAD. A date that is none is no condition.
Precondition judge_preconditions(const RequestHead& head, const Validators& validators,
                                 std::int64_t now_seconds);

// False if an If-Range says that the ranges are of another state of the file.
bool ranges_apply(const RequestHead& head, const Validators& validators, std::int64_t now_seconds);

// The one field of this name; empty if there is none, or more than one.
std::string_view only_field(const RequestHead& head, std::string_view name);

enum class Comparison : std::uint8_t { strong, weak };

// Whether a list of entity tags, or "*", has the tag. What is malformed ends the list.
bool lists_tag(std::string_view list, std::string_view entity_tag, Comparison comparison);

}  // namespace pelton::http

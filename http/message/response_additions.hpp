// Fields that responses get because of what their request says, beside those of their handler and
// of the server's configuration.
#pragma once

#include <algorithm>
#include <span>

#include "http/message/field.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

class ResponseAdditions {
 public:
  // Of the response to this request. A field that the handler sets too is left out, but for Vary,
  // which adds up. Valid until the next call.
  virtual std::span<const FieldView> additions_for(const RequestHead& request) = 0;

 protected:
  ~ResponseAdditions() = default;
};

// The handler's own fields stand in the place of this addition.
inline bool is_said(std::span<const FieldView> fields, const FieldView& addition) {
  if (fields.empty() || is_same_name(addition.name, "vary")) return false;
  return std::ranges::any_of(
      fields, [&](const FieldView& field) { return is_same_name(field.name, addition.name); });
}

}  // namespace pelton::http

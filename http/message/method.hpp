// Request methods by name (RFC 9110 section 9). Case matters: `get` is not GET (H1-011).
#pragma once

#include <string_view>

#include "http/message/request_head.hpp"

namespace pelton::http {

// Method::other for every token that is not one of the known names.
Method method_of(std::string_view name);

// Empty for Method::other.
std::string_view method_name(Method method);

}  // namespace pelton::http

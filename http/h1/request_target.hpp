// The form of a request target: recognises `http://` as its octets arrive, and checks the target at
// the end of the request line (H1-016, H1-023, H1-025, H1-091).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

// Whether the beginning of a target may still be, or is, a scheme that we serve.
enum class SchemeProgress : std::uint8_t { on_the_way, complete, other };

// `target` ends with the octet read last; before it the result was `on_the_way`.
SchemeProgress scheme_progress(std::string_view target);

// Checks the form against the method and completes path and form of `head`, whose target, path,
// query and authority spans are relative to `base`. On entry `head.form` is `absolute` if the
// scheme was complete, `origin` if the target begins with a slash, else `authority`.
Reason judge_target(RequestHead& head, const char* base);

}  // namespace pelton::http

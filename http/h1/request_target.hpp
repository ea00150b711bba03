// The form of a request target: recognising `http://` while its octets arrive, and the judgement at
// the end of the request line (H1-016, H1-023, H1-025, H1-091).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

// Whether a target that has begun like this is on its way to an absolute form we serve.
enum class SchemeProgress : std::uint8_t { on_the_way, complete, other };

// `target` ends with the octet read last; all octets before it were still on the way.
SchemeProgress scheme_progress(std::string_view target);

// Judges form against method and completes path and form of `head`, whose target, path, query and
// authority spans stand as they were read from `base`. `head.form` is `absolute` if the scheme was
// complete, `origin` if the target begins with a slash, else `authority`.
Reason judge_target(RequestHead& head, const char* base);

}  // namespace pelton::http

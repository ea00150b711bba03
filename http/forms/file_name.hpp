// The file name that a handler is offered of what a client sent (FRM-008). It is a label, never a
// path.
#pragma once

#include <string>
#include <string_view>

namespace pelton::http {

// What stands behind the last '/' or '\', without NUL and other controls; empty if that leaves
// nothing, "." or "..".
std::string offered_file_name(std::string_view sent);

}  // namespace pelton::http

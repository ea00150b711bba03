// The file name that a handler gets for a client's file (FRM-008). It is a label, never a path.
#pragma once

#include <string>
#include <string_view>

namespace pelton::http {

// The part after the last '/' or '\', without NUL and other controls; empty if nothing is left, or
// "." or "..".
std::string offered_file_name(std::string_view sent);

}  // namespace pelton::http

// The type of a file's content by the end of its name: a table of ours, so that two hosts say the
// same of one file (STA-016).
#pragma once

#include <string_view>

namespace pelton::http {

// "application/octet-stream" for what is not in the table; text with its charset.
std::string_view type_of_name(std::string_view file_name);

// The last segment has an extension: a '.' that is neither its first octet nor its last.
bool has_extension(std::string_view path);

}  // namespace pelton::http

// The type of a file's content by its extension. The table is our own, so that all hosts give the
// same type for a file (STA-016).
#pragma once

#include <string_view>

namespace pelton::http {

// "application/octet-stream" if not in the table; text types have a charset.
std::string_view type_of_name(std::string_view file_name);

// The last segment has an extension: a '.' that is neither its first octet nor its last.
bool has_extension(std::string_view path);

}  // namespace pelton::http

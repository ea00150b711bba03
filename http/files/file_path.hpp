// Maps a request's path below a file mount to a file's path. Each segment is decoded once; a path
// with a segment that no served file may have names nothing (STA-001).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pelton::http {

enum class NamedPath : std::uint8_t {
  nothing,
  file,
  directory,  // ends with '/', or is empty: the root itself
};

// `raw` is what follows the mount's prefix and its '/'. `path` becomes the decoded segments with
// '/' between them, without one at the end.
NamedPath read_file_path(std::string_view raw, std::string& path);

}  // namespace pelton::http

// A raw path as segments: split at '/' first, then each segment decoded once (URL-001).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pelton::http {

// Whether a decoded segment is '.' or '..' (URL-003).
inline bool is_dot_segment(std::string_view segment) {
  if (segment.size() - 1 > 1 || segment.data()[0] != '.') return false;
  return segment.size() == 1 || segment.data()[1] == '.';
}

struct PathShape {
  std::uint32_t segment_count = 0;  // "/" has one empty segment
  bool has_escape = false;
  bool has_dot_segment = false;  // in any segment
};

// `path` begins with '/'. Writes the offsets at which segments end, as far as `ends` has room; a
// segment begins after the '/' that follows the previous one, the first at 1.
PathShape split_path(std::string_view path, std::span<std::uint32_t> ends);

struct DecodedPath {
  PathShape shape;  // of the decoded segments, so has_escape is false
  std::size_t bytes = 0;
};

// The same for a path with escapes. `out` has room for path.size() and receives the decoded
// segments, a '/' before each. `ends` are offsets in `out`, since a decoded '/' separates nothing.
DecodedPath decode_path(std::string_view path, char* out, std::span<std::uint32_t> ends);

}  // namespace pelton::http

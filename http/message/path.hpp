// A raw path as segments: split at '/' first, then each segment decoded once (URL-001).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pelton::http {

// '.' or '..' (URL-003); `segment` is decoded.
inline bool is_dot_segment(std::string_view segment) {
  if (segment.size() - 1 > 1 || segment.data()[0] != '.') return false;
  return segment.size() == 1 || segment.data()[1] == '.';
}

struct PathShape {
  std::uint32_t segment_count = 0;  // "/" has one, the empty one
  bool has_escape = false;
  bool has_dot_segment = false;  // of any segment
};

// `path` begins with '/'. Writes where segments end, as offsets, as far as `ends` has room; segment
// n begins behind the end of the one before it, the first at 1.
PathShape split_path(std::string_view path, std::span<std::uint32_t> ends);

struct DecodedPath {
  PathShape shape;  // of the decoded segments, so has_escape is false
  std::size_t bytes = 0;
};

// The same for a path with escapes. `out` has room for path.size() and receives the decoded
// segments, each behind a '/'; ends count in `out`, since a decoded '/' separates nothing.
DecodedPath decode_path(std::string_view path, char* out, std::span<std::uint32_t> ends);

}  // namespace pelton::http

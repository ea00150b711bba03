#include "http/files/file_path.hpp"

#include <cstddef>

#include "http/message/percent.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t segment_bytes_max = 255;
// Linux takes no longer path (PATH_MAX).
constexpr std::size_t path_bytes_max = 4095;

bool may_be_named(std::string_view segment, bool is_first) {
  if (segment.empty() || segment.size() > segment_bytes_max) return false;
  if (segment.front() == '.' && !(is_first && segment == ".well-known")) return false;
  constexpr std::string_view never("\0/\\", 3);
  return segment.find_first_of(never) == std::string_view::npos && valid_utf8(segment);
}

}  // namespace

NamedPath read_file_path(std::string_view raw, std::string& path) {
  path.clear();
  while (!raw.empty()) {
    const std::size_t slash = raw.find('/');
    const std::size_t at = path.empty() ? 0 : path.size() + 1;
    const std::string_view segment = raw.substr(0, slash);
    path.resize(at + segment.size(), '/');
    path.resize(at + decode_percent(segment, path.data() + at));
    if (!may_be_named(std::string_view(path).substr(at), at == 0)) return NamedPath::nothing;
    if (slash == std::string_view::npos) {
      return path.size() <= path_bytes_max ? NamedPath::file : NamedPath::nothing;
    }
    raw.remove_prefix(slash + 1);
  }
  return path.size() <= path_bytes_max ? NamedPath::directory : NamedPath::nothing;
}

}  // namespace pelton::http

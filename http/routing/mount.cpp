#include "http/routing/mount.hpp"

#include <algorithm>
#include <utility>

#include "http/message/percent.hpp"

namespace pelton::http {

Mount::Mount(std::string prefix, std::shared_ptr<const RouteTable> table, RouteSettings unmatched)
    : prefix_(std::move(prefix)),
      segment_count_(static_cast<std::uint32_t>(std::ranges::count(prefix_, '/'))),
      table_(std::move(table)),
      unmatched_(std::move(unmatched)) {}

Mount::Mount(std::string prefix, RouteSettings settings)
    : Mount(std::move(prefix), nullptr, std::move(settings)) {}

std::optional<std::size_t> Mount::taken_of(std::string_view path) const {
  // Takes as many segments as the prefix has: an escaped '/' separates nothing (URL-001).
  std::size_t end = 0;
  for (std::uint32_t count = 0; count < segment_count_; ++count) {
    if (end == path.size() || path[end] != '/') return std::nullopt;
    end = std::min(path.find('/', end + 1), path.size());
  }
  const std::string_view sent = path.substr(0, end);
  if (!sent.contains('%')) return sent == prefix_ ? std::optional(end) : std::nullopt;
  std::string decoded(sent);
  decoded.resize(decode_percent(sent, decoded.data()));
  return decoded == prefix_ ? std::optional(end) : std::nullopt;
}

bool Mount::may_share(const Pattern& pattern) const {
  std::string_view rest = prefix_;
  for (const PatternSegment& segment : pattern.segments) {
    if (rest.empty()) return true;
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    if (segment.is_literal()) {
      if (rest.substr(1, end - 1) != segment.prefix) return false;
    } else if (pattern.parameters[segment.parameter].converter == Converter::path) {
      return true;
    }
    rest.remove_prefix(end);
  }
  return rest.empty();
}

}  // namespace pelton::http

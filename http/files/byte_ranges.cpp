#include "http/files/byte_ranges.hpp"

#include <algorithm>
#include <limits>

#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"

namespace pelton::http {
namespace {

constexpr std::uint64_t beyond = std::numeric_limits<std::uint64_t>::max();

// A number too large to store is beyond the end of every file, so its exact value does not matter.
bool read_position(std::string_view digits, std::uint64_t& position) {
  position = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return false;
    const auto value = static_cast<std::uint64_t>(digit - '0');
    position = position > (beyond - value) / 10 ? beyond : position * 10 + value;
  }
  return !digits.empty();
}

enum class Spec : std::uint8_t { malformed, outside, inside };

Spec read_spec(std::string_view spec, std::uint64_t file_bytes, ByteRange& range) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return Spec::malformed;
  const std::string_view first = spec.substr(0, dash);
  const std::string_view last = spec.substr(dash + 1);
  std::uint64_t position = 0;
  if (first.empty()) {
    if (!read_position(last, position)) return Spec::malformed;
    range = {file_bytes - std::min(position, file_bytes), file_bytes};
  } else {
    if (!read_position(first, range.begin)) return Spec::malformed;
    range.end = file_bytes;
    if (!last.empty()) {
      if (!read_position(last, position) || position < range.begin) return Spec::malformed;
      range.end = position < file_bytes ? position + 1 : file_bytes;
    }
  }
  return range.begin < range.end ? Spec::inside : Spec::outside;
}

void merge(std::vector<ByteRange>& ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::begin);
  std::size_t kept = 0;
  for (const ByteRange& range : ranges) {
    if (kept != 0 && range.begin <= ranges[kept - 1].end) {
      ranges[kept - 1].end = std::max(ranges[kept - 1].end, range.end);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

}  // namespace

RangeVerdict read_byte_ranges(std::string_view value, std::uint64_t file_bytes,
                              std::size_t count_max, std::vector<ByteRange>& ranges) {
  ranges.clear();
  const std::size_t equals = value.find('=');
  if (equals == std::string_view::npos || !is_same_name(value.substr(0, equals), "bytes")) {
    return RangeVerdict::whole;
  }
  std::string_view rest = value.substr(equals + 1);
  std::size_t count = 0;
  bool well_formed = true;
  // The whole value is checked, so that a malformed one is not taken for one with too many ranges.
  for (bool more = true; more && well_formed;) {
    const std::size_t comma = rest.find(',');
    const std::string_view spec = trimmed(rest.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) rest.remove_prefix(comma + 1);
    if (spec.empty()) continue;  // an element of a list may be empty (RFC 9110 section 5.6.1)
    ByteRange range;
    const Spec read = read_spec(spec, file_bytes, range);
    well_formed = read != Spec::malformed;
    if (++count <= count_max && read == Spec::inside) ranges.push_back(range);
  }
  if (!well_formed || count == 0) {
    ranges.clear();
    return RangeVerdict::whole;
  }
  if (count > count_max) {
    ranges.clear();
    return RangeVerdict::too_many;
  }
  if (ranges.empty()) return RangeVerdict::unsatisfiable;
  merge(ranges);
  return RangeVerdict::satisfiable;
}

}  // namespace pelton::http

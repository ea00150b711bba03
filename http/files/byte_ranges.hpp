// The Range field of a request (RFC 9110 section 14.2): the octets wanted of a file of known size,
// in order, each once. A value that names no octet ranges is ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pelton::http {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // after the last octet

  std::uint64_t bytes() const { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

enum class RangeVerdict : std::uint8_t {
  whole,          // malformed, another unit, or no range: the answer is the whole file
  too_many,       // the whole file, because there are more ranges than the limit (LIM-065)
  unsatisfiable,  // 416
  satisfiable,    // 206
};

// Fills `ranges` if they are satisfiable: sorted, with gaps between them (STA-013). Linear in the
// field, except for sorting at most `count_max` ranges.
RangeVerdict read_byte_ranges(std::string_view value, std::uint64_t file_bytes,
                              std::size_t count_max, std::vector<ByteRange>& ranges);

}  // namespace pelton::http

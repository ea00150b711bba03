// The Range field of a request (RFC 9110 section 14.2): which octets of a file of known size are
// wanted, in order, each once. What is no range of octets is as if it had not been said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pelton::http {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // behind the last octet

  std::uint64_t bytes() const { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

enum class RangeVerdict : std::uint8_t {
  whole,          // malformed, another unit, or of nothing: the whole file is the answer
  too_many,       // the same, for more ranges than the limit (LIM-065)
  unsatisfiable,  // 416
  satisfiable,    // 206
};

// Fills `ranges` if they are satisfiable: sorted, with a gap before each but the first (STA-013).
// Linear in the field but for sorting at most `count_max` ranges.
RangeVerdict read_byte_ranges(std::string_view value, std::uint64_t file_bytes,
                              std::size_t count_max, std::vector<ByteRange>& ranges);

}  // namespace pelton::http

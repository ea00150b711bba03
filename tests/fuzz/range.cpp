// The Range field: what is satisfiable is sorted, apart, within the file, and each range that is
// asked for by itself lies in one of them. Size and limit come from the first octets.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/files/byte_ranges.hpp"
#include "http/files/http_date.hpp"
#include "http/files/preconditions.hpp"

namespace {

using namespace pelton::http;

void check_ranges(std::string_view value, std::uint64_t file_bytes, std::size_t count_max) {
  std::vector<ByteRange> ranges;
  const RangeVerdict verdict = read_byte_ranges(value, file_bytes, count_max, ranges);
  CHECK((verdict == RangeVerdict::satisfiable) == !ranges.empty());
  CHECK(ranges.size() <= count_max);
  std::uint64_t free_from = 0;
  for (const ByteRange& range : ranges) {
    CHECK(range.begin < range.end && range.end <= file_bytes);
    CHECK(range.begin >= free_from);
    free_from = range.end + 1;
  }
  if (verdict == RangeVerdict::whole || verdict == RangeVerdict::too_many) return;
  // Well-formed, so each element is too.
  std::string_view rest = value.substr(value.find('=') + 1);
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    const std::string one = "bytes=" + std::string(rest.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) rest.remove_prefix(comma + 1);
    std::vector<ByteRange> single;
    const RangeVerdict alone = read_byte_ranges(one, file_bytes, 1, single);
    CHECK(alone != RangeVerdict::too_many);
    if (alone != RangeVerdict::satisfiable) continue;
    bool is_within = false;
    for (const ByteRange& range : ranges) {
      is_within |= range.begin <= single[0].begin && single[0].end <= range.end;
    }
    CHECK(is_within);
  }
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  std::uint64_t file_bytes = 0;
  if (bytes < sizeof file_bytes + 1) return 0;
  std::memcpy(&file_bytes, data, sizeof file_bytes);
  const std::size_t count_max = data[sizeof file_bytes];
  const std::string_view value{reinterpret_cast<const char*>(data) + sizeof file_bytes + 1,
                               bytes - sizeof file_bytes - 1};
  check_ranges(value, file_bytes, count_max);
  check_ranges("bytes=" + std::string(value), file_bytes, count_max);
  lists_tag(value, "\"a\"", Comparison::strong);
  if (const auto date = read_http_date(value, 1'700'000'000); date && *date >= 0) {
    CHECK(read_http_date(http_date(*date), 1'700'000'000) == *date);
  }
  return 0;
}

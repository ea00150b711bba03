// Chunked bodies: one outcome whatever the cuts (SEG-005), and never more data than allowed.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.hpp"
#include "tests/http/h1/feed.hpp"

namespace {

using namespace pelton::http;
using namespace pelton::http::testing_h1;

constexpr ChunkedLimits small{
    .head = {.method_bytes_max = 8,
             .request_line_bytes_max = 64,
             .header_line_bytes_max = 24,
             .header_section_bytes_max = 60,
             .header_count_max = 3},
    .body = {.chunk_extension_bytes_max = 12, .chunk_overhead_bytes_max = 20},
    .body_bytes_max = 40};

void check(std::string_view octets, const ChunkedLimits& limits) {
  const BodyResult whole = read_chunked(octets, {}, limits);
  CHECK(whole.body.size() <= limits.body_bytes_max);
  CHECK(whole.consumed_bytes <= octets.size());
  Cuts every;
  Cuts some;
  std::uint32_t state = 2166136261u;
  for (std::size_t at = 1; at < octets.size(); ++at) {
    every.push_back(at);
    state = (state ^ static_cast<unsigned char>(octets[at])) * 16777619u;
    if (state >> 30 == 0) some.push_back(at);
  }
  CHECK(read_chunked(octets, every, limits) == whole);
  CHECK(read_chunked(octets, some, limits) == whole);
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  const std::string_view octets{reinterpret_cast<const char*>(data), bytes};
  check(octets, ChunkedLimits{});
  check(octets, small);
  return 0;
}

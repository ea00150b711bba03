// Multipart bodies: whatever comes is heard the same however it is cut (SEG-006), and what is heard
// is no more than what came.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.hpp"
#include "tests/http/forms/feed.hpp"

namespace {

constexpr pelton::http::MultipartLimits limits = {.parts_max = 8,
                                                  .files_max = 4,
                                                  .field_bytes_max = 64,
                                                  .memory_bytes_max = 512,
                                                  .part_headers_max = 4,
                                                  .part_header_bytes_max = 80,
                                                  .slack_bytes_max = 32};

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

// octet 0: how it is cut; octet 1: how long the boundary is, all of one letter; the rest: the body.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  if (bytes < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, bytes - 2);
  const std::string boundary(1 + data[1] % 70, 'b');
  const std::size_t piece_bytes = 1 + data[0];
  const std::string whole = pelton::http::heard_of(boundary, body, limits, body.size() + 1);
  CHECK(whole == pelton::http::heard_of(boundary, body, limits, piece_bytes));
  CHECK(whole.size() <= 4 * body.size() + 64);
  return 0;
}

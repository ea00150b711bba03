// Octets that claim to be a deflated message: the verdict and what was inflated do not depend on
// how they come, and never is more made than the limit allows (WS-063).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.hpp"
#include "http/websocket/inflater.hpp"

namespace {

using namespace pelton;
using http::websocket::Inflater;

constexpr http::websocket::InflateLimits limits = {.output_bytes_max = 3 << 19, .ratio_max = 25};

struct Result {
  Inflater::Verdict verdict = Inflater::Verdict::good;
  std::string message;

  bool operator==(const Result&) const = default;
};

Result inflate(Inflater& inflater, BlockPool& blocks, std::string_view octets,
               std::size_t piece_bytes) {
  Result result;
  Output output(blocks);
  inflater.begin(limits);
  while (!octets.empty() && result.verdict == Inflater::Verdict::good) {
    result.verdict = inflater.inflate(octets.substr(0, piece_bytes), output);
    octets.remove_prefix(std::min(piece_bytes, octets.size()));
  }
  if (result.verdict == Inflater::Verdict::good) result.verdict = inflater.finish(output);
  result.message = output.view();
  CHECK(result.message.size() <= limits.output_bytes_max);
  return result;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

// octet 0: how it is cut; the rest: the message.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  if (bytes == 0) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, bytes - 1);
  BlockPool blocks;
  Inflater inflater;
  const Result whole = inflate(inflater, blocks, octets, octets.size() + 1);
  // The same one again, in pieces: nothing is left of the first time.
  CHECK(whole == inflate(inflater, blocks, octets, 1 + data[0]));
  CHECK(blocks.blocks_lent() == 0);
  return 0;
}

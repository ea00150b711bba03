// A client's frames through the message reader: whatever comes, it says the same however it is cut
// (SEG-006), keeps within its limits, and holds nothing when it ends.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/check.hpp"
#include "http/websocket/message_reader.hpp"

namespace {

using namespace pelton;
using Reader = http::websocket::MessageReader;
using Event = Reader::Event;

constexpr http::websocket::ReaderLimits limits = {
    .message_bytes_max = 4096, .fragments_max = 8, .inflate_ratio_max = 25};

// Every event with its octets, one behind the other.
std::string heard(std::string_view input, std::size_t piece_bytes, bool may_deflate) {
  BlockPool blocks;
  http::websocket::InflaterPool inflaters;
  std::string trace;
  {
    Reader reader(blocks, inflaters, limits, may_deflate);
    bool failed = false;
    for (std::size_t at = 0; at < input.size() && !failed; at += piece_bytes) {
      std::string piece(input.substr(at, piece_bytes));
      std::span<char> octets(piece);
      while (!failed) {
        const Reader::Step step = reader.read(octets);
        octets = octets.subspan(step.consumed_bytes);
        if (step.event == Event::need_more) {
          CHECK(octets.empty());
          break;
        }
        CHECK(step.octets.size() <= limits.message_bytes_max);
        trace += static_cast<char>('a' + static_cast<int>(step.event));
        trace += std::to_string(step.code);
        trace += std::to_string(static_cast<unsigned>(step.reason));
        trace += step.octets;
        failed = step.event == Event::failed;
      }
    }
    if (!failed) trace += reader.in_frame() ? '+' : '.';
  }
  CHECK(blocks.blocks_lent() == 0);
  CHECK(inflaters.lent() == 0);
  return trace;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

// octet 0: whether deflate was agreed on, and how it is cut; the rest: what the client says.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  if (bytes == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, bytes - 1);
  const bool may_deflate = (data[0] & 1) != 0;
  const std::size_t piece_bytes = 1 + (data[0] >> 1);
  CHECK(heard(input, input.size() + 1, may_deflate) == heard(input, piece_bytes, may_deflate));
  return 0;
}

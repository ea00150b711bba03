#include "http/websocket/inflater.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/check.hpp"

namespace pelton::http::websocket {
namespace {

constexpr int raw_window_bits = -15;  // of a stream without zlib's own head
constexpr std::size_t step_bytes_min = 4096;
constexpr std::size_t step_bytes_max = 64 * 1024;
constexpr std::uint64_t ratio_step_bytes = 64 * 1024;
// Flag in zlib's data_type: the stream stands at the end of a block.
constexpr int at_block_end = 128;

}  // namespace

Inflater::Inflater() {
  const int result = ::inflateInit2(&stream_, raw_window_bits);
  CHECK(result == Z_OK || result == Z_MEM_ERROR);
  ready_ = result == Z_OK;
}

Inflater::~Inflater() {
  ::inflateEnd(&stream_);
}

void Inflater::begin(const InflateLimits& limits) {
  CHECK(!ready_ || ::inflateReset(&stream_) == Z_OK);
  limits_ = limits;
  taken_bytes_ = 0;
  made_bytes_ = 0;
  ended_ = judges_ = false;
}

Inflater::Verdict Inflater::inflate(std::string_view octets, Output& output) {
  CHECK(octets.size() <= std::numeric_limits<uInt>::max());
  if (!ready_) return Verdict::no_memory;
  // zlib never writes to its input, though the type is not const.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
  stream_.avail_in = static_cast<uInt>(octets.size());
  while (true) {
    if (ended_ && stream_.avail_in != 0) {
      // Another stream may follow a final block (RFC 7692 section 7.2.3.4).
      CHECK(::inflateReset(&stream_) == Z_OK);
      ended_ = false;
    }
    // One octet above the limit shows that the limit was exceeded. No step goes past a point where
    // the ratio is checked, so the result does not depend on how the message is split (SEG-001).
    const std::uint64_t left = std::min(limits_.output_bytes_max - made_bytes_ + 1,
                                        ratio_step_bytes - made_bytes_ % ratio_step_bytes);
    const std::size_t likely =
        std::clamp(stream_.avail_in * std::size_t{4}, step_bytes_min, step_bytes_max);
    // Before each check of the ratio zlib takes all input that makes no more output. Otherwise the
    // input taken so far could be one code less where a piece of the message ends (SEG-001).
    const auto room =
        judges_ ? std::size_t{0} : static_cast<std::size_t>(std::min<std::uint64_t>(left, likely));
    char* const made_here = output.reserve(std::max(room, std::size_t{1}));
    if (made_here == nullptr) return Verdict::no_memory;
    stream_.next_out = reinterpret_cast<Bytef*>(made_here);
    stream_.avail_out = static_cast<uInt>(room);
    const uInt in_before = stream_.avail_in;
    const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
    const std::size_t made = room - stream_.avail_out;
    taken_bytes_ += in_before - stream_.avail_in;
    made_bytes_ += made;
    if (made_bytes_ > limits_.output_bytes_max) {
      output.advance(made - 1);
      return Verdict::too_big;
    }
    output.advance(made);
    if (result == Z_MEM_ERROR) return Verdict::no_memory;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return Verdict::bad_data;
    }
    ended_ = result == Z_STREAM_END;
    if (judges_) {
      if (stream_.avail_in == 0) return Verdict::good;
      if (ended_) continue;
      judges_ = false;
      if (made_bytes_ / limits_.ratio_max > taken_bytes_) return Verdict::too_dense;
      continue;
    }
    judges_ =
        made_bytes_ > ratio_judged_beyond_bytes && made_bytes_ % ratio_step_bytes == 0 && made != 0;
    if (judges_) continue;
    if (stream_.avail_in == 0 && (stream_.avail_out != 0 || ended_)) return Verdict::good;
  }
}

Inflater::Verdict Inflater::finish(Output& output) {
  // An empty message needs no end, nor does one that ends in a final block.
  if (taken_bytes_ == 0 || ended_) return Verdict::good;
  constexpr std::string_view end{"\x00\x00\xff\xff", 4};
  const Verdict verdict = inflate(end, output);
  if (verdict != Verdict::good) return verdict;
  return (stream_.data_type & at_block_end) != 0 ? Verdict::good : Verdict::bad_data;
}

std::unique_ptr<Inflater> InflaterPool::lend() {
  ++lent_;
  if (free_.empty()) return std::make_unique<Inflater>();
  std::unique_ptr<Inflater> inflater = std::move(free_.back());
  free_.pop_back();
  return inflater;
}

void InflaterPool::give_back(std::unique_ptr<Inflater> inflater) {
  --lent_;
  if (inflater->ready() && free_.size() < kept_max) free_.push_back(std::move(inflater));
}

}  // namespace pelton::http::websocket

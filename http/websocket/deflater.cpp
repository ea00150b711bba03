#include "http/websocket/deflater.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/check.hpp"

namespace pelton::http::websocket {
namespace {

constexpr int memory_level = 5;
constexpr int effort = 6;  // zlib's own default
// The end that Z_SYNC_FLUSH writes and RFC 7692 section 7.2.1 removes.
constexpr std::size_t end_bytes = 4;
// Room for the flush, beyond zlib's bound for one call.
constexpr std::size_t flush_bytes_max = 16;

}  // namespace

Deflater::Stream::Stream(std::uint8_t window_bits) {
  const int result =
      ::deflateInit2(&state, effort, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY);
  CHECK(result == Z_OK || result == Z_MEM_ERROR);
  ready = result == Z_OK;
}

Deflater::Stream::~Stream() {
  ::deflateEnd(&state);
}

bool Deflater::deflate(std::string_view message, std::uint8_t window_bits, Output& output) {
  CHECK(window_bits >= deflate_window_bits_min &&
        message.size() <= std::numeric_limits<uInt>::max());
  const std::uint8_t bits = std::min(window_bits, deflate_window_bits_max);
  std::unique_ptr<Stream>& stream = streams_[bits - deflate_window_bits_min];
  if (!stream) stream = std::make_unique<Stream>(bits);
  if (!stream->ready) {
    stream.reset();
    return false;
  }
  z_stream& state = stream->state;
  CHECK(::deflateReset(&state) == Z_OK);
  const std::size_t room = ::deflateBound(&state, message.size()) + flush_bytes_max;
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  state.avail_in = static_cast<uInt>(message.size());
  if (!output.make_room(room)) {
    output.recover();
    return false;
  }
  state.next_out = reinterpret_cast<Bytef*>(output.data() + output.size());
  state.avail_out = static_cast<uInt>(room);
  CHECK(::deflate(&state, Z_SYNC_FLUSH) == Z_OK && state.avail_in == 0 && state.avail_out != 0);
  output.advance(room - state.avail_out - end_bytes);
  return true;
}

bool write_deflated(Output& output, Opcode opcode, std::string_view message,
                    std::uint8_t window_bits, Deflater& deflater) {
  // The head's length is known only after the body is written: the head then ends where the longest
  // head would have ended.
  const std::size_t start = output.size();
  if (!output.make_room(frame_head_bytes_max)) {
    output.recover();
    return false;
  }
  output.advance(frame_head_bytes_max);
  if (!deflater.deflate(message, window_bits, output)) {
    output.truncate(start);
    return false;
  }
  const std::size_t body_at = start + frame_head_bytes_max;
  const std::size_t body_bytes = output.size() - body_at;
  output.truncate(start);
  if (body_bytes >= message.size()) return false;
  write_frame_head(output, opcode, true, body_bytes);
  std::memmove(output.data() + output.size(), output.data() + body_at, body_bytes);
  output.advance(body_bytes);
  return true;
}

}  // namespace pelton::http::websocket

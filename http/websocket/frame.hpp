// The frames of RFC 6455 section 5.2: heads are read octet by octet and written at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/memory/output.hpp"
#include "http/websocket/mask.hpp"

namespace pelton::http::websocket {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

constexpr bool is_control(Opcode opcode) {
  return opcode >= Opcode::close;
}

inline constexpr std::size_t control_bytes_max = 125;
inline constexpr std::size_t close_reason_bytes_max = control_bytes_max - 2;

struct FrameHead {
  Opcode opcode = Opcode::continuation;
  bool final = false;
  bool deflated = false;  // RSV1
  std::uint64_t payload_bytes = 0;
  MaskKey key{};
};

// Reads the heads of a client's frames, however the octets are split. Refuses at the first octet
// that breaks WS-010 to WS-014.
class FrameHeadReader {
 public:
  enum class State : std::uint8_t { need_more, complete, rejected };

  // What decides about a frame besides its head.
  struct Context {
    bool in_message = false;   // a message has begun and not ended
    bool may_deflate = false;  // permessage-deflate was agreed on
  };

  // Removes the octets of the head from `octets`. After `complete` the next call begins a new head.
  State read(std::string_view& octets, const Context& context);
  const FrameHead& head() const { return head_; }
  // Some octets of a head have arrived, but not all.
  bool begun() const { return count_ != 0; }

 private:
  bool take_first(std::uint8_t octet, const Context& context);
  bool take_second(std::uint8_t octet);
  bool take_length(std::uint8_t octet);

  FrameHead head_;
  std::uint8_t count_ = 0;         // octets read
  std::uint8_t length_bytes_ = 0;  // of an extended length
};

inline constexpr std::size_t frame_head_bytes_max = 10;

// These write nothing, or only a part, to an output that lacks memory.
void write_frame_head(Output& output, Opcode opcode, bool deflated, std::uint64_t payload_bytes);

inline void write_frame(Output& output, Opcode opcode, std::string_view payload) {
  if (!output.make_room(frame_head_bytes_max + payload.size())) return;
  write_frame_head(output, opcode, false, payload.size());
  output.append(payload);
}

// A Close; code 0: without a code.
void write_close(Output& output, std::uint16_t code, std::string_view reason);

}  // namespace pelton::http::websocket

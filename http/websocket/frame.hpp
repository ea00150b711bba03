// The frames of RFC 6455 section 5.2: what their heads say, read octet by octet and written at
// once.
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

// Of a client's frames, at any split. It refuses at the first octet that breaks WS-010 to WS-014.
class FrameHeadReader {
 public:
  enum class State : std::uint8_t { need_more, complete, rejected };

  // What decides about a frame beside its own head.
  struct Context {
    bool in_message = false;   // a message has begun and not ended
    bool may_deflate = false;  // permessage-deflate was agreed on
  };

  // Takes octets off `octets`, none behind the head. After `complete` the next call begins anew.
  State read(std::string_view& octets, const Context& context);
  const FrameHead& head() const { return head_; }
  // The first octets of a head have come, and not all.
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

// These leave nothing, or less than the whole, in an output that has failed for lack of memory.
// The head of an unmasked frame in one piece (WS-018).
void write_frame_head(Output& output, Opcode opcode, bool deflated, std::uint64_t payload_bytes);

inline void write_frame(Output& output, Opcode opcode, std::string_view payload) {
  if (!output.make_room(frame_head_bytes_max + payload.size())) return;
  write_frame_head(output, opcode, false, payload.size());
  output.append(payload);
}

// A Close; code 0 says none.
void write_close(Output& output, std::uint16_t code, std::string_view reason);

}  // namespace pelton::http::websocket

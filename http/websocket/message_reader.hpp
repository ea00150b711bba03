// Reads messages from a client's frames, however the octets are split. A message that lies whole in
// what arrived is not copied (protocol 8.2). Reading stops at the first octet that breaks a rule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/websocket/frame.hpp"
#include "http/websocket/inflater.hpp"
#include "http/websocket/utf8_stream.hpp"

namespace pelton::http::websocket {

struct ReaderLimits {
  std::uint64_t message_bytes_max = 0;  // LIM-070
  std::uint64_t fragments_max = 0;      // LIM-071
  std::uint64_t inflate_ratio_max = 0;  // LIM-076
};

class MessageReader {
 public:
  enum class Event : std::uint8_t { need_more, text, binary, ping, pong, close, failed };

  struct Step {
    Event event = Event::need_more;
    std::size_t consumed_bytes = 0;
    // The payload of a message, ping or pong, or a Close's reason; valid until the next read().
    std::string_view octets = {};
    std::uint16_t code = 0;        // close: its code; failed: the code to answer with
    Reason reason = Reason::none;  // failed
  };

  MessageReader(BlockPool& blocks, InflaterPool& inflaters, const ReaderLimits& limits,
                bool may_deflate);
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;
  ~MessageReader();

  // Reads up to one event and unmasks the octets in place. `need_more` has consumed all.
  Step read(std::span<char> octets);

  // A frame has begun and not ended (WS-017).
  bool in_frame() const { return in_payload_ || head_.begun(); }

 private:
  bool begin_frame(Step& step);
  bool take_control(std::string_view part, Step& step);
  bool take_data(std::string_view part, Step& step);
  bool end_message(std::string_view last, Step& step);
  bool read_close(std::string_view payload, Step& step);
  bool inflate(std::string_view part, bool last, Step& step);
  static bool fail(Step& step, std::uint16_t code, Reason reason);
  static bool fail_memory(Step& step);
  static bool fail_protocol(Step& step);

  const ReaderLimits limits_;
  const bool may_deflate_;
  InflaterPool& inflaters_;

  FrameHeadReader head_;
  bool in_payload_ = false;
  std::uint64_t payload_left_ = 0;

  // The current message: its kind, its octets so far, and their number.
  Opcode kind_ = Opcode::continuation;  // continuation: no message has begun
  std::uint64_t received_bytes_ = 0;
  std::uint64_t fragment_count_ = 0;
  bool delivered_ = false;  // the octets in `message_` have been handed out
  Output message_;
  Utf8Stream utf8_;
  std::unique_ptr<Inflater> inflater_;  // of a message that is deflated

  std::uint8_t control_bytes_ = 0;
  std::array<char, control_bytes_max> control_;
};

}  // namespace pelton::http::websocket

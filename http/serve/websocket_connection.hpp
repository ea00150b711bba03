// One WebSocket between its owner and its connection: reads messages and delivers them, queues what
// is sent, and reports its end once. It touches neither loop nor engine. Its states:
//
//   open ──► closing ──► over
//     └───────────────────▲
//
// closing: our Close is sent, or queued after messages that wait for room, and the peer's Close is
// awaited; other frames are dropped. over: nothing more is read or written, and the connection ends
// once the queue is sent.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/memory/slab.hpp"
#include "core/reason.hpp"
#include "core/stats.hpp"
#include "core/timer_wheel.hpp"
#include "http/serve/config.hpp"
#include "http/serve/shared_message.hpp"
#include "http/serve/websocket.hpp"
#include "http/websocket/deflate_offer.hpp"
#include "http/websocket/deflater.hpp"
#include "http/websocket/frame.hpp"
#include "http/websocket/inflater.hpp"
#include "http/websocket/message_reader.hpp"

namespace pelton::http {

// The connection under a WebSocket: takes its frames, and settles it at the end of the turn.
class WebSocketHost {
 public:
  // Frames are appended to it.
  virtual Output& websocket_output() = 0;
  virtual std::size_t websocket_queued_bytes() const = 0;
  virtual void websocket_changed() = 0;

 protected:
  ~WebSocketHost() = default;
};

// What the WebSockets of one core share.
struct WebSocketParts {
  BlockPool& blocks;
  const ServerConfig& config;
  Stats& stats;
  websocket::InflaterPool& inflaters;
  websocket::Deflater& deflater;
};

class WebSocketConnection final : public WebSocket {
 public:
  using Place = Slab<WebSocketConnection>::Place;

  struct Terms {
    websocket::DeflateTerms deflate;
    std::uint64_t message_bytes_max;
  };

  WebSocketConnection(Place place, const WebSocketParts& parts, WebSocketHost& host,
                      const Terms& terms, const WebSocketListener& listener, std::uint64_t now_ms);

  SendOutcome send(MessageKind kind, std::string_view octets) override;
  SendOutcome send(MessageKind kind, std::string_view octets, SlowPolicy policy) override;
  // The same, for a message to many WebSockets. With SlowPolicy::wait it is kept until there is
  // room, and later messages are sent after it. False if it is not sent to this one.
  bool send_shared(const std::shared_ptr<SharedMessage>& message, SlowPolicy policy);
  bool ping(std::string_view octets) override;
  CloseFault close(std::uint16_t code, std::string_view reason) override;
  std::size_t buffered_bytes() const override {
    return host_.websocket_queued_bytes() + kept_bytes_;
  }
  bool closing() const override { return state_ != State::open || peer_finished_; }
  std::optional<WebSocketNews> known_end() const override;
  void set_undelivered(std::size_t messages, std::size_t bytes) override;

  Place place() const { return place_; }
  // The owner was told of the end: its handle is stale.
  bool told_closed() const { return told_closed_; }

  // --- for the connection ---
  // Reads the octets, unmasking them in place, and delivers their messages. Returns how many octets
  // were read: all, unless reading pauses.
  std::size_t receive(std::span<char> octets, std::uint64_t now_ms);
  // Reading waits for the owner (WS-053).
  bool paused() const { return paused_ && state_ == State::open; }
  // At the end of a turn: fails if the peer broke a rule, and delivers events.
  void settle(std::uint64_t now_ms);
  void tell_news(std::uint64_t now_ms);
  bool refused() const { return refusal_ != Reason::none; }
  // A refusal takes effect no earlier, however often settle() is called before.
  void put_off_refusal(std::uint64_t until_ms) { refusal_due_ms_ = until_ms; }
  // All that is queued is being sent from now on; later frames follow it.
  void begin_sending();
  // What was being sent is with the kernel.
  void sent(std::uint64_t now_ms);
  // The owner waits for room in the queue.
  bool awaits_room() const { return room_awaited_; }
  // A graceful stop has begun (PRC-014).
  void drain(std::uint64_t now_ms);
  // The peer has left, but octets from it are unread: its end is reported after them.
  void note_peer_finished() { peer_finished_ = true; }
  // Nothing more arrives from the peer.
  void lose();
  void inspect(std::uint64_t now_ms);
  std::uint64_t deadline_ms() const;

  bool over() const { return state_ == State::over; }
  // Once over: why the connection is cut; none if it closes after its output is sent.
  Reason cut_reason() const { return cut_reason_; }

 private:
  enum class State : std::uint8_t { open, closing, over };
  using Step = websocket::MessageReader::Step;

  void take(const Step& step, std::uint64_t now_ms);
  void deliver(WebSocketEvent event, std::string_view octets);
  void take_ping(std::string_view payload);
  void take_close(const Step& step);
  bool control_flood(std::uint64_t now_ms);
  unsigned unsent_pongs() const { return pongs_queued_ + pongs_leaving_; }
  bool ping_unsent() const { return ping_queued_ || ping_leaving_; }
  // Whether so many octets may be queued (`queued`); if not, what the policy does with them.
  SendOutcome make_room(std::size_t bytes, SlowPolicy policy);
  bool has_room(std::size_t bytes) const;
  bool keep(const std::shared_ptr<SharedMessage>& message);
  void queue_kept();
  void drop_kept();
  SendOutcome queue(MessageKind kind, std::string_view octets);
  SendOutcome note_queued();
  void begin_closing(std::uint16_t code, std::string_view reason);
  void write_close();
  // The peer broke a rule. Nothing more is read, but the WebSocket fails only at the end of the
  // turn: messages before the fault may still be answered (WS-032).
  void refuse(std::uint16_t code, Reason reason);
  // Our Close has not been written yet.
  bool owes_close() const { return state_ == State::open || !kept_.empty(); }
  void act_on_refusal();
  // Sends a Close with the code, ends the WebSocket and reports the same code to the owner.
  void fail(std::uint16_t code, Reason reason);
  void end(std::uint16_t code, std::string_view reason, bool clean);
  void note_code(std::uint16_t code, std::string_view reason);
  void cut(Reason reason);
  void tell_closed();
  void keep_frame_deadline(std::size_t bytes, std::uint64_t now_ms);

  const Place place_;
  const WebSocketParts parts_;
  WebSocketHost& host_;
  const websocket::DeflateTerms deflate_;
  const std::uint64_t message_bytes_max_;
  const WebSocketListener listener_;
  websocket::MessageReader reader_;

  State state_ = State::open;
  bool end_known_ = false;
  bool told_closed_ = false;
  bool peer_finished_ = false;
  bool clean_ = false;
  bool room_awaited_ = false;
  bool paused_ = false;
  bool pauses_wanted_ = false;  // by undelivered messages; starts at once, ends with the turn
  bool pong_awaited_ = false;
  bool ping_queued_ = false;
  bool ping_leaving_ = false;
  std::uint16_t refused_code_ = 0;
  Reason refusal_ = Reason::none;
  std::uint16_t code_ = 0;  // of the end once it is known, before that of our Close
  Reason cut_reason_ = Reason::none;

  // WS-050: pongs that are not with the kernel yet. Beyond the limit the newest waits here.
  std::uint8_t pongs_queued_ = 0;
  std::uint8_t pongs_leaving_ = 0;
  bool pong_kept_ = false;
  std::uint8_t pong_bytes_ = 0;
  std::uint8_t reason_bytes_ = 0;
  std::array<char, websocket::control_bytes_max> pong_;
  std::array<char, websocket::close_reason_bytes_max> reason_;

  // Messages that wait for room in the queue.
  std::list<std::shared_ptr<SharedMessage>> kept_;
  std::size_t kept_bytes_ = 0;

  std::uint64_t heard_ms_;   // when octets last arrived
  std::uint64_t pinged_ms_;  // when our last ping left or was due
  std::uint64_t close_deadline_ms_ = TimerWheel::no_deadline_ms;
  std::uint64_t frame_deadline_ms_ = TimerWheel::no_deadline_ms;
  std::uint64_t refusal_due_ms_ = 0;
  std::uint64_t control_window_ms_ = 0;
  std::uint64_t control_count_ = 0;  // since then
};

}  // namespace pelton::http

#include "http/serve/websocket_connection.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "http/websocket/close_code.hpp"

namespace pelton::http {

namespace close_code = websocket::close_code;
using websocket::MessageReader;
using websocket::Opcode;

namespace {

constexpr unsigned pongs_unsent_max = 16;            // WS-050
constexpr std::uint64_t control_window_ms = 10'000;  // LIM-075
constexpr std::uint64_t never_ms = TimerWheel::no_deadline_ms;

std::uint64_t later(std::uint64_t from_ms, std::uint64_t by_ms) {
  return by_ms == no_limit ? never_ms : from_ms + by_ms;
}

}  // namespace

WebSocketConnection* WebSocketHandle::connection() const {
  if (sockets_ == nullptr) return nullptr;
  WebSocketConnection* const found = sockets_->find(slot_, generation_);
  return found == nullptr || found->told_closed() ? nullptr : found;
}

WebSocket* WebSocketHandle::get() const {
  return connection();
}

WebSocketConnection::WebSocketConnection(Place place, const WebSocketParts& parts,
                                         WebSocketHost& host, const Terms& terms,
                                         const WebSocketListener& listener, std::uint64_t now_ms)
    : place_(place),
      parts_(parts),
      host_(host),
      deflate_(terms.deflate),
      message_bytes_max_(terms.message_bytes_max),
      listener_(listener),
      reader_(parts.blocks, parts.inflaters,
              {.message_bytes_max = terms.message_bytes_max,
               .fragments_max = parts.config.websocket_fragments_max,
               .inflate_ratio_max = parts.config.websocket_inflate_ratio_max},
              terms.deflate.agreed),
      heard_ms_(now_ms),
      pinged_ms_(now_ms) {}

// --- what arrives ---

std::size_t WebSocketConnection::receive(std::span<char> octets, std::uint64_t now_ms) {
  heard_ms_ = now_ms;
  pong_awaited_ = false;
  const std::size_t given_bytes = octets.size();
  while (state_ != State::over && !refused() && !paused()) {
    const Step step = reader_.read(octets);
    octets = octets.subspan(step.consumed_bytes);
    if (step.event == MessageReader::Event::need_more) break;
    take(step, now_ms);
  }
  // While reading pauses, the last message is not kept.
  if (paused()) reader_.read({});
  if (refused()) octets = {};
  keep_frame_deadline(given_bytes - octets.size(), now_ms);
  return given_bytes - octets.size();
}

void WebSocketConnection::take(const Step& step, std::uint64_t now_ms) {
  using Event = MessageReader::Event;
  switch (step.event) {
    case Event::need_more:
      return;
    case Event::text:
      return deliver(WebSocketEvent::text, step.octets);
    case Event::binary:
      return deliver(WebSocketEvent::binary, step.octets);
    case Event::failed:
      return refuse(step.code, step.reason);
    case Event::close:
      return take_close(step);
    case Event::ping:
    case Event::pong:
      if (control_flood(now_ms)) {
        return refuse(close_code::policy, Reason::cut_websocket_control_flood);
      }
      if (step.event == Event::ping) return take_ping(step.octets);
      return deliver(WebSocketEvent::pong, step.octets);
  }
}

void WebSocketConnection::deliver(WebSocketEvent event, std::string_view octets) {
  if (state_ == State::open) listener_(*this, {.event = event, .octets = octets});
}

void WebSocketConnection::take_ping(std::string_view payload) {
  if (state_ != State::open) return;
  if (unsent_pongs() == pongs_unsent_max) {
    pong_kept_ = true;
    pong_bytes_ = static_cast<std::uint8_t>(payload.size());
    std::ranges::copy(payload, pong_.begin());
    return;
  }
  ++pongs_queued_;
  websocket::write_frame(host_.websocket_output(), Opcode::pong, payload);
  host_.websocket_changed();
}

void WebSocketConnection::begin_sending() {
  pongs_leaving_ += std::exchange(pongs_queued_, 0);
  ping_leaving_ |= std::exchange(ping_queued_, false);
}

void WebSocketConnection::sent(std::uint64_t now_ms) {
  if (std::exchange(ping_leaving_, false)) pinged_ms_ = now_ms;
  pongs_leaving_ = 0;
  // Until the Close has left, CON-004 limits the time of the output before it.
  if (state_ == State::closing && !owes_close() && host_.websocket_queued_bytes() == 0) {
    close_deadline_ms_ = later(now_ms, parts_.config.websocket_close_timeout_ms);
  }
  if (!pong_kept_ || unsent_pongs() == pongs_unsent_max) return;
  pong_kept_ = false;
  take_ping({pong_.data(), pong_bytes_});
}

// Echoes the peer's code, unless the peer answers our Close (WS-031).
void WebSocketConnection::take_close(const Step& step) {
  if (owes_close()) {
    const bool bare = step.code == close_code::none_given;
    websocket::write_close(host_.websocket_output(), bare ? 0 : step.code, {});
  }
  end(step.code, step.octets, true);
}

bool WebSocketConnection::control_flood(std::uint64_t now_ms) {
  if (now_ms >= control_window_ms_ + control_window_ms) {
    control_window_ms_ = now_ms;
    control_count_ = 0;
  }
  return ++control_count_ > parts_.config.websocket_control_frames_max;
}

void WebSocketConnection::set_undelivered(std::size_t messages, std::size_t bytes) {
  pauses_wanted_ =
      messages > parts_.config.websocket_receive_messages_max || bytes > message_bytes_max_;
  if (pauses_wanted_ == paused_) return;
  // Reading stops at once, but resumes only at the end of the turn.
  if (pauses_wanted_) paused_ = true;
  host_.websocket_changed();
}

// --- its end ---

void WebSocketConnection::refuse(std::uint16_t code, Reason reason) {
  refused_code_ = code;
  refusal_ = reason;
}

void WebSocketConnection::act_on_refusal() {
  if (refused()) fail(refused_code_, std::exchange(refusal_, Reason::none));
}

void WebSocketConnection::fail(std::uint16_t code, Reason reason) {
  if (state_ == State::over) return;
  parts_.stats.count(reason);
  if (owes_close()) websocket::write_close(host_.websocket_output(), code, {});
  end(code, {}, false);
}

void WebSocketConnection::end(std::uint16_t code, std::string_view reason, bool clean) {
  state_ = State::over;
  drop_kept();
  host_.websocket_changed();
  if (std::exchange(end_known_, true)) return;
  clean_ = clean;
  note_code(code, reason);
}

void WebSocketConnection::note_code(std::uint16_t code, std::string_view reason) {
  code_ = code;
  reason_bytes_ = static_cast<std::uint8_t>(reason.size());
  std::ranges::copy(reason, reason_.begin());
}

void WebSocketConnection::cut(Reason reason) {
  cut_reason_ = reason;
  end(close_code::lost, {}, false);
}

void WebSocketConnection::lose() {
  act_on_refusal();
  if (state_ != State::over) end(close_code::lost, {}, false);
  tell_closed();
}

// The listener is told of the stop at once, whether or not the peer answers the Close (PRC-014).
void WebSocketConnection::drain(std::uint64_t now_ms) {
  if (state_ == State::over) return;
  if (state_ == State::open) {
    drop_kept();
    begin_closing(close_code::going_away, {});
    if (!std::exchange(end_known_, true)) clean_ = true;
  }
  settle(now_ms);
}

void WebSocketConnection::tell_closed() {
  if (!end_known_ || std::exchange(told_closed_, true)) return;
  listener_(*this, *known_end());
}

std::optional<WebSocketNews> WebSocketConnection::known_end() const {
  if (!end_known_) return std::nullopt;
  return WebSocketNews{.event = WebSocketEvent::closed,
                       .octets = {reason_.data(), reason_bytes_},
                       .code = code_,
                       .clean = clean_};
}

// --- the end of a turn, and time ---

void WebSocketConnection::settle(std::uint64_t now_ms) {
  if (now_ms >= refusal_due_ms_) act_on_refusal();
  tell_news(now_ms);
}

void WebSocketConnection::tell_news(std::uint64_t now_ms) {
  if (room_awaited_ && host_.websocket_queued_bytes() <= parts_.config.send_queue_bytes_low) {
    queue_kept();
    room_awaited_ =
        !kept_.empty() || host_.websocket_queued_bytes() > parts_.config.send_queue_bytes_low;
    if (!room_awaited_) deliver(WebSocketEvent::writable, {});
  }
  if (paused_) frame_deadline_ms_ = never_ms;
  if (paused_ && !pauses_wanted_) {
    paused_ = false;
    pinged_ms_ = now_ms;  // silence while reading paused is not the peer's
    keep_frame_deadline(0, now_ms);
  }
  tell_closed();
}

// While a frame is incomplete, its octets earn it time, as those of a body do (CON-010).
void WebSocketConnection::keep_frame_deadline(std::size_t bytes, std::uint64_t now_ms) {
  const ServerConfig& config = parts_.config;
  if (!reader_.in_frame() || paused_ || state_ == State::over) {
    frame_deadline_ms_ = never_ms;
    return;
  }
  const std::uint64_t base_ms =
      frame_deadline_ms_ == never_ms ? now_ms + config.rate_grace_ms : frame_deadline_ms_;
  frame_deadline_ms_ = std::min(base_ms + bytes * 1000 / config.body_rate_bytes_per_second_min,
                                now_ms + config.rate_credit_ms_max);
}

std::uint64_t WebSocketConnection::deadline_ms() const {
  if (state_ == State::over) return never_ms;
  std::uint64_t next_ms = std::min(close_deadline_ms_, frame_deadline_ms_);
  if (state_ == State::closing) return next_ms;
  if (ping_unsent()) return next_ms;  // CON-004 limits its time
  const ServerConfig& config = parts_.config;
  const bool answer_due = pong_awaited_ && !paused_;
  return std::min(next_ms, answer_due ? later(pinged_ms_, config.websocket_ping_timeout_ms)
                                      : later(std::max(heard_ms_, pinged_ms_),
                                              config.websocket_ping_interval_ms));
}

void WebSocketConnection::inspect(std::uint64_t now_ms) {
  if (state_ == State::over || now_ms < deadline_ms()) return;
  if (now_ms >= close_deadline_ms_) return cut(Reason::cut_websocket_close_timeout);
  if (now_ms >= frame_deadline_ms_) return cut(Reason::cut_websocket_slow);
  if (pong_awaited_ && !paused_) {
    return fail(close_code::internal_error, Reason::cut_websocket_ping_timeout);
  }
  pong_awaited_ = true;
  ping_queued_ = true;
  ping({});
}

}  // namespace pelton::http

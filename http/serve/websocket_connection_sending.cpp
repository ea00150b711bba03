// How a WebSocket sends: messages are queued at once, kept until there is room, or refused by the
// policy.
#include <algorithm>
#include <memory>

#include "core/check.hpp"
#include "http/serve/websocket_connection.hpp"
#include "http/websocket/close_code.hpp"
#include "http/websocket/utf8_stream.hpp"

namespace pelton::http {

namespace close_code = websocket::close_code;
using websocket::Opcode;

namespace {

// How many queues' worth of messages may be kept for one WebSocket.
constexpr std::uint64_t kept_queues_max = 64;

bool is_text(std::string_view octets) {
  websocket::Utf8Stream utf8;
  return utf8.feed(octets) && utf8.complete();
}

}  // namespace

SendOutcome WebSocketConnection::send(MessageKind kind, std::string_view octets) {
  if (closing()) return SendOutcome::closed;
  if (kept_.empty()) return queue(kind, octets);
  const bool is_kept = keep(std::make_shared<SharedMessage>(
      kind, octets, parts_.blocks, parts_.deflater, parts_.config.websocket_deflate_bytes_min));
  return is_kept ? SendOutcome::queued_high : SendOutcome::closed;
}

SendOutcome WebSocketConnection::send(MessageKind kind, std::string_view octets,
                                      SlowPolicy policy) {
  const SendOutcome outcome = make_room(octets.size(), policy);
  return outcome == SendOutcome::queued ? queue(kind, octets) : outcome;
}

bool WebSocketConnection::send_shared(const std::shared_ptr<SharedMessage>& message,
                                      SlowPolicy policy) {
  const std::string_view frame = message->frame_for(deflate_);
  if (frame.empty()) {
    fail(close_code::internal_error, Reason::cut_memory);
    return false;
  }
  const SendOutcome outcome = make_room(frame.size(), policy);
  if (outcome == SendOutcome::full) return keep(message);
  if (outcome != SendOutcome::queued) return false;
  host_.websocket_output().append(frame);
  host_.websocket_changed();
  return true;
}

bool WebSocketConnection::keep(const std::shared_ptr<SharedMessage>& message) {
  const std::size_t bytes = message->frame_for(deflate_).size();
  const std::size_t bytes_max = kept_queues_max * parts_.config.websocket_queue_bytes_max;
  if (!kept_.empty() && kept_bytes_ + bytes > bytes_max) {
    fail(close_code::try_again_later, Reason::cut_websocket_queue);
    return false;
  }
  if (bytes == 0 || !message->keep()) {
    fail(close_code::internal_error, Reason::cut_memory);
    return false;
  }
  kept_.push_back(message);
  kept_bytes_ += bytes;
  return true;
}

void WebSocketConnection::queue_kept() {
  if (kept_.empty()) return;
  while (!kept_.empty()) {
    const std::string_view frame = kept_.front()->frame_for(deflate_);
    if (!has_room(frame.size())) return;
    host_.websocket_output().append(frame);
    kept_bytes_ -= frame.size();
    kept_.pop_front();
  }
  if (state_ == State::closing) write_close();
}

void WebSocketConnection::drop_kept() {
  kept_.clear();
  kept_bytes_ = 0;
}

bool WebSocketConnection::has_room(std::size_t bytes) const {
  const std::size_t queued = host_.websocket_queued_bytes();
  return queued == 0 || queued + bytes <= parts_.config.websocket_queue_bytes_max;
}

SendOutcome WebSocketConnection::make_room(std::size_t bytes, SlowPolicy policy) {
  if (closing()) return SendOutcome::closed;
  if (kept_.empty() && has_room(bytes)) return SendOutcome::queued;
  switch (policy) {
    case SlowPolicy::close:
      fail(close_code::try_again_later, Reason::cut_websocket_queue);
      return SendOutcome::closed;
    case SlowPolicy::drop:
      parts_.stats.count(Reason::dropped_websocket_message);
      return SendOutcome::dropped;
    case SlowPolicy::wait:
      break;
  }
  room_awaited_ = true;
  return SendOutcome::full;
}

SendOutcome WebSocketConnection::queue(MessageKind kind, std::string_view octets) {
  const Opcode opcode = kind == MessageKind::text ? Opcode::text : Opcode::binary;
  Output& output = host_.websocket_output();
  const bool deflates =
      deflate_.agreed && octets.size() >= parts_.config.websocket_deflate_bytes_min;
  if (!deflates ||
      !websocket::write_deflated(output, opcode, octets, deflate_.window_bits, parts_.deflater)) {
    websocket::write_frame(output, opcode, octets);
  }
  return note_queued();
}

SendOutcome WebSocketConnection::note_queued() {
  host_.websocket_changed();
  if (host_.websocket_queued_bytes() <= parts_.config.send_queue_bytes_high) {
    return SendOutcome::queued;
  }
  room_awaited_ = true;
  return SendOutcome::queued_high;
}

bool WebSocketConnection::ping(std::string_view octets) {
  CHECK(octets.size() <= websocket::control_bytes_max);
  if (closing()) return false;
  websocket::write_frame(host_.websocket_output(), Opcode::ping, octets);
  host_.websocket_changed();
  return true;
}

CloseFault WebSocketConnection::close(std::uint16_t code, std::string_view reason) {
  if (code != 0 && !websocket::is_wire_code(code)) return CloseFault::code;
  const bool fits = reason.size() <= websocket::close_reason_bytes_max && is_text(reason);
  if (!fits || (code == 0 && !reason.empty())) return CloseFault::reason;
  if (state_ != State::open) return CloseFault::none;
  begin_closing(code, reason);
  return CloseFault::none;
}

void WebSocketConnection::begin_closing(std::uint16_t code, std::string_view reason) {
  state_ = State::closing;
  room_awaited_ = !kept_.empty();
  note_code(code, reason);
  if (!room_awaited_) write_close();
  host_.websocket_changed();
}

void WebSocketConnection::write_close() {
  websocket::write_close(host_.websocket_output(), code_, {reason_.data(), reason_bytes_});
}

}  // namespace pelton::http

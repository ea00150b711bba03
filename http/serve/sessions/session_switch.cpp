#include "http/serve/sessions/session_switch.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

// --- which protocol ---

void SessionSwitch::begin() {
  Shared& shared = h1_.shared();
  Transport& transport = h1_.transport();
  if (shared.h2 != nullptr && transport.has_filter() &&
      transport.filter()->filter().protocol() == "h2")
    return begin_h2();
  h1_.begin();
  if (shared.stopping) h1_.drain();
  if (!shared.h2_by_preface || transport.has_filter()) return;
  awaits_preface_ = true;
  transport.await_preamble();
}

void SessionSwitch::begin_h2() {
  h1_.step_aside();
  h2_ = std::make_unique<H2Session>(h1_.connection(), h1_.shared());
  if (!h2_->begin()) h1_.connection().cut(Reason::cut_memory);
}

// The first octets of a connection decide which version of HTTP it speaks (RFC 9113 section 3.3).
void SessionSwitch::read_preface(std::string_view octets) {
  const Transport& transport = h1_.transport();
  const std::string_view expected = h2::preface.substr(preface_bytes_);
  const std::size_t bytes = std::min(octets.size(), expected.size());
  const bool fits = octets.starts_with(expected.substr(0, bytes));
  const std::string_view seen = h2::preface.substr(0, preface_bytes_);
  if (fits && bytes < expected.size()) {
    preface_bytes_ = static_cast<std::uint8_t>(preface_bytes_ + bytes);
    return;
  }
  awaits_preface_ = false;
  h1_.transport().end_preamble();
  if (fits) {
    begin_h2();
    if (!transport.closing()) h2_->received(h2::preface);
    if (!transport.closing()) h2_->received(octets.substr(bytes));
    return;
  }
  if (!seen.empty()) h1_.received(seen);
  h1_.received(octets);
}

// --- what happens to the connection ---

void SessionSwitch::received(std::span<char> octets) {
  const std::string_view view(octets.data(), octets.size());
  if (awaits_preface_) [[unlikely]]
    return read_preface(view);
  if (!h1_.is_upgraded()) return h1_.received(view);
  if (websocket_) websocket_->received(octets);
  if (h2_) h2_->received(view);
}

void SessionSwitch::peer_finished() {
  if (!h1_.is_upgraded()) return h1_.peer_finished();
  if (websocket_) websocket_->peer_finished();
  if (h2_) h2_->peer_finished();
}

void SessionSwitch::note_peer_finished() {
  if (websocket_) websocket_->note_peer_finished();
  if (h2_) return h2_->peer_finished();
  h1_.host().note_peer_finished();
}

void SessionSwitch::settle() {
  if (h1_.is_handling()) h1_.host().settle();
  if (speaks_websocket()) {
    websocket_->settle();
    if (websocket_->socket().over()) end_websocket();
  }
  if (h2_) h2_->settle();
}

void SessionSwitch::sent(bool all) {
  if (websocket_ && (!all || h1_.is_upgraded())) websocket_->sent();
  if (all && h2_) h2_->note_room();
}

// A WebSocket that waits for room is told at the end of the turn.
void SessionSwitch::note_room() {
  h1_.host().note_room();
  if (websocket_ && websocket_->awaits_room()) h1_.connection().schedule();
  if (h2_) h2_->note_room();
}

void SessionSwitch::resume_input() {
  if (h2_) return h2_->resume_input();
  h1_.resume_input();
}

void SessionSwitch::go_on() {
  if (h2_) return h2_->go_on();
  h1_.go_on();
}

std::uint64_t SessionSwitch::request_count() const {
  return h2_ ? h2_->request_count() : h1_.keep_alive().request_count();
}

std::uint64_t SessionSwitch::idle_since_ms() const {
  return h2_ ? h2_->idle_since_ms() : h1_.idle_since_ms();
}

void SessionSwitch::drain() {
  if (speaks_websocket()) return websocket_->drain();
  if (h2_) return h2_->drain();
  h1_.drain();
}

void SessionSwitch::inspect(std::uint64_t seen_ms) {
  h1_.inspect(seen_ms);
  if (speaks_websocket()) websocket_->inspect(seen_ms);
  if (h2_) h2_->inspect(seen_ms);
}

std::uint64_t SessionSwitch::deadline_ms() const {
  std::uint64_t next_ms = h1_.deadline_ms();
  if (websocket_) next_ms = std::min(next_ms, websocket_->deadline_ms());
  if (h2_) next_ms = std::min(next_ms, h2_->deadline_ms());
  return next_ms;
}

void SessionSwitch::drop(ExchangeEvent event, Reason reason) {
  h1_.host().drop(event, reason);
  if (h2_) h2_->drop(event, reason);
  drop_websocket();
}

void SessionSwitch::end() {
  CHECK(!websocket_);
  if (h2_) h2_->drop(ExchangeEvent::peer_lost, Reason::none);
  h1_.end();
}

bool SessionSwitch::has_unread() const {
  return h1_.reader().message() != nullptr || (websocket_ && websocket_->has_unread());
}

void SessionSwitch::count(GaugeShare::Counts& counts) const {
  using Phase = IncomingMessage::Phase;
  const IncomingMessage* const incoming = h1_.reader().message();
  const bool reads_head = incoming != nullptr && incoming->phase == Phase::head;
  counts.queued |= (websocket_ && websocket_->has_unread()) ||
                   (incoming != nullptr && incoming->phase == Phase::backlog);
  counts.running = h1_.host().has_exchange() || websocket_ || (h2_ && h2_->has_exchange()) ||
                   (incoming != nullptr && !reads_head && !counts.queued);
}

// --- a WebSocket ---

const WebSocketConnection& SessionSwitch::accept_websocket(const WebSocketConnection::Terms& terms,
                                                           const WebSocketListener& listener) {
  websocket_ = std::make_unique<WebSocketSession>(h1_.connection(), terms, listener);
  return websocket_->socket();
}

void SessionSwitch::end_websocket() {
  Connection& connection = h1_.connection();
  const Reason cut_reason = websocket_->socket().cut_reason();
  if (cut_reason == Reason::cut_websocket_close_timeout) {
    // All is with the kernel, and a reset would destroy octets that a slow peer has not read yet.
    h1_.shared().tell(cut_reason, &h1_.host());
    drop_websocket();
    return connection.begin_close();
  }
  if (cut_reason != Reason::none) return connection.cut(cut_reason);
  drop_websocket();
  h1_.end();
  h1_.transport().finish();
  connection.finish_if_flushed();
}

void SessionSwitch::drop_websocket() {
  if (!websocket_) return;
  websocket_->drop();
  websocket_.reset();
}

}  // namespace pelton::http

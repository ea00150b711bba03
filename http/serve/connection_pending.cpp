// The waiting half of a connection: a handler has suspended its exchange, so what follows it waits,
// and the answer that comes later moves the connection on. Listeners are called and the next
// request is begun at the end of a turn, never from within a handler's own call.
#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace noria::http {

using h1::Persistence;
using Phase = ParkedMessage::Phase;

ExchangeHandle Connection::keep(const Exchange& live, const ExchangeListener& listener) {
  CHECK(life_ == Life::open && kept_ == nullptr);
  kept_ = &shared_.pending.emplace(
      live, serving_ != nullptr ? std::move(*serving_) : shared_.lend_parked(), shared_.blocks,
      listener);
  life_ = Life::handling;
  if (parked_since_ns_ == 0) parked_since_ns_ = shared_.clock.now_ns();
  const std::uint64_t timeout_ms = shared_.config.request_timeout_ms;
  if (timeout_ms != no_limit) wait_for(Wait::handler, shared_.clock.now_ms() + timeout_ms);
  if (peer_finished_) {
    kept_->note_peer_finished();
    shared_.schedule(*this);
  }
  return {shared_.pending, kept_->place()};
}

// --- octets behind the exchange ---

// The response will end the connection.
bool Connection::ends_behind() const {
  const Persistence persistence =
      kept_ != nullptr ? kept_->exchange().persistence() : persistence_behind_;
  return persistence == Persistence::close;
}

void Connection::end_behind() {
  if (kept_ != nullptr) {
    kept_->exchange().persist(Persistence::close);
  } else {
    persistence_behind_ = Persistence::close;
  }
}

void Connection::received_behind(std::string_view octets) {
  if (parked_ && parked_->phase != Phase::backlog) octets = resume_discard(octets);
  // Whatever follows the request that ends the connection is discarded (H1-083).
  if (octets.empty() || ends_behind()) return;
  ParkedMessage& backlog = park(Phase::backlog);
  backlog.wait_behind(octets);
  const ServerConfig& config = shared_.config;
  const bool enough = backlog.heads_waiting >= config.pipeline_requests_max ||
                      backlog.octets.size() >= config.pipeline_bytes_max;
  if (enough && !input_paused_) pause_input();  // H1-081, LIM-011
}

// --- the answer, and its failure to come ---

void Connection::end_kept(Outcome outcome) {
  CHECK(kept_ != nullptr && outcome != Outcome::pending);
  answered(settle_answer(kept_->exchange(), outcome));
}

// The answer is written and the exchange gone; the connection moves on when it is settled.
void Connection::answered(Persistence persistence) {
  persistence_behind_ = persistence;
  shared_.take_back(kept_->take_message());
  shared_.pending.erase(std::exchange(kept_, nullptr)->place().slot);
  waiting_ = Wait::nothing;
  shared_.schedule(*this);
}

void Connection::time_out() {
  shared_.tell(Reason::fault_request_timeout, this);
  kept_->finish(ExchangeEvent::cancelled);
  const RequestHead& head = kept_->exchange().request();
  const Persistence persistence = kept_->exchange().persistence();
  const RefusalBodies& bodies = shared_.refusal_bodies;
  write_whole(head, {.status = 504, .content_type = &bodies.content_type()}, bodies.of_status(504),
              persistence, Reason::fault_request_timeout);
  answered(persistence);
}

// The connection ends, and the exchange with it.
void Connection::drop_kept(ExchangeEvent event) {
  kept_->finish(event);
  shared_.take_back(kept_->take_message());
  shared_.pending.erase(std::exchange(kept_, nullptr)->place().slot);
}

// --- the end of a turn ---

void Connection::settle_kept() {
  if (kept_ != nullptr) kept_->tell_news();
  if (life_ == Life::handling && kept_ == nullptr) move_on();
}

void Connection::move_on() {
  life_ = Life::open;
  conclude(persistence_behind_);
  if (life_ == Life::finishing) {
    if (parked_) unpark();
    return finish_if_flushed();
  }
  if (parked_ && parked_->phase != Phase::backlog) {
    // The body that nobody read is drained behind its response (CON-006).
    wait_for(Wait::drain_body, shared_.clock.now_ms() + shared_.config.drain_body_timeout_ms);
    if (peer_finished_) peer_finished();
    return;
  }
  if (queued_bytes() > shared_.config.send_queue_bytes_high) return;  // resumed when it is sent
  if (queued_bytes() == 0) wait_for(Wait::keep_alive, shared_.clock.now_ms() + shared_.idle_ms);
  resume_input();
}

}  // namespace noria::http

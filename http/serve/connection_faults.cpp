// The failing half of a connection: what each errno of its operations means for it (protocol 10.3).
#include <cerrno>

#include <algorithm>
#include <array>
#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

namespace {

enum class Fault : std::uint8_t { passing, starved, peer_lost, peer_silent, ours, unknown };

Fault fault_of(int error) {
  switch (error) {
    case EINTR:
    case EAGAIN:
    case ECANCELED:  // we did not ask (ENG-023): while closing nobody asks what went wrong
      return Fault::passing;
    case ENOBUFS:
    case ENOMEM:
      return Fault::starved;
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ECONNABORTED:
    case ENOTCONN:
      return Fault::peer_lost;
    case ETIMEDOUT:
      return Fault::peer_silent;
    case EBADF:
    case EFAULT:
      return Fault::ours;
    default:
      return Fault::unknown;
  }
}

// ENG-035: so often, and so long after each time.
constexpr std::array<std::uint64_t, 3> retry_pauses_ns = {1'000'000, 10'000'000, 100'000'000};
// Starving again so much later is a new story.
constexpr std::uint64_t starvation_forgotten_ms = 1000;

}  // namespace

// The receive is armed again by the caller unless it counts as armed.
void Connection::receive_failed(int error) {
  switch (fault_of(error)) {
    case Fault::passing:
      return;
    case Fault::starved:
      receive_starved_ = receive_armed_ = true;
      return retry_later();
    default:
      return fail(error);
  }
}

void Connection::send_failed(int error) {
  switch (fault_of(error)) {
    case Fault::passing:
      if (error == ECANCELED) shared_.stats.count(Reason::engine_cancelled_unasked);
      return arm_send();
    case Fault::starved:
      send_starved_ = send_in_flight_ = true;
      return retry_later();
    default:
      return fail(error);
  }
}

void Connection::fail(int error) {
  switch (fault_of(error)) {
    case Fault::peer_lost:
      return lose(Reason::lost_reset);
    case Fault::peer_silent:
      return lose(Reason::lost_timeout);
    case Fault::unknown:
      return cut(Reason::cut_engine_unknown);
    default:
      CHECK(!"a descriptor or memory that is not ours to use (ENG-038)");
  }
}

void Connection::lose(Reason reason) {
  shared_.stats.count(reason);
  if (kept_ != nullptr) drop_kept(ExchangeEvent::peer_lost, reason);
  if (socket_ != nullptr) drop_websocket();
  begin_close();
}

void Connection::retry_later() {
  const std::uint64_t now_ms = shared_.clock.now_ms();
  if (now_ms >= starved_at_ms_ + starvation_forgotten_ms) starved_count_ = 0;
  starved_at_ms_ = now_ms;
  if (starved_count_ == retry_pauses_ns.size()) return cut(Reason::cut_engine_memory);
  retry_at(shared_.clock.now_ns() + retry_pauses_ns[starved_count_++]);
}

// By a queue of its own: a tick of the wheel is longer than most of these pauses.
void Connection::retry_at(std::uint64_t at_ns) {
  retry_at_ns_ = at_ns;
  shared_.retries.push({at_ns, place_});
}

// The buffers are in completions not told yet: asking again at once would ask for ever (ENG-015).
void Connection::wait_for_buffer() {
  receive_starved_ = receive_armed_ = true;
  const std::uint64_t at_ns = shared_.clock.now_ns() + retry_pauses_ns[0];
  if (at_ns < retry_at_ns_) retry_at(at_ns);
}

void Connection::retry() {
  // Of two retries that were planned, the earlier one does what both are for.
  if (retry_at_ns_ > shared_.clock.now_ns()) return;
  retry_at_ns_ = uring::no_deadline;
  if (std::exchange(send_starved_, false)) arm_send();
  if (std::exchange(receive_starved_, false)) {
    receive_armed_ = false;
    if (wants_input()) arm_receive();
  }
}

Gauge Connection::gauge_now() const {
  if (life_ == Life::closing) return Gauge::connections_closing;
  if (life_ == Life::lingering) return Gauge::connections_lingering;
  if (queued_bytes() != 0 || life_ == Life::finishing) return Gauge::connections_writing;
  return parked_ ? Gauge::connections_reading : Gauge::connections_idle;
}

void Connection::uncount() {
  Gauges& gauges = shared_.connection_gauges;
  --in(gauges, counted_);
  in(gauges, Gauge::exchanges_queued) -= counted_queued_ ? 1 : 0;
  in(gauges, Gauge::exchanges_running) -= counted_running_ ? 1 : 0;
  in(gauges, Gauge::send_queue_bytes) -= counted_bytes_;
}

[[gnu::noinline]] void Connection::recount() {
  Gauges& gauges = shared_.connection_gauges;
  const bool reads_head = parked_ && parked_->phase == ParkedMessage::Phase::head;
  const bool queued =
      held_ != nullptr || (parked_ && parked_->phase == ParkedMessage::Phase::backlog);
  const bool running =
      kept_ != nullptr || socket_ != nullptr || (parked_ && !reads_head && !queued);
  uncount();
  counted_ = gauge_now();
  counted_queued_ = queued;
  counted_running_ = running;
  counted_bytes_ = queued_bytes();
  ++in(gauges, counted_);
  in(gauges, Gauge::exchanges_queued) += queued ? 1 : 0;
  in(gauges, Gauge::exchanges_running) += running ? 1 : 0;
  in(gauges, Gauge::send_queue_bytes) += counted_bytes_;
}

void Connection::forget_retries() {
  retry_at_ns_ = uring::no_deadline;
  if (std::exchange(send_starved_, false)) send_in_flight_ = false;
  if (std::exchange(receive_starved_, false)) receive_armed_ = false;
}

}  // namespace pelton::http

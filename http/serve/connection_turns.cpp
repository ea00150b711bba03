// How a connection shares a busy loop with others: it waits in a queue for its turn, and of
// requests that were pipelined it begins a slice in each turn.
#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using Phase = ParkedMessage::Phase;

// --- slices ---

// A request was handled and more octets lie behind it: whether the next one may begin now. If not,
// the connection has joined the queue.
[[gnu::noinline]] bool Connection::begins_more() {
  if (!slice_is_over()) return true;
  go_on_later();
  return false;
}

// Whether this connection has had its share of the turn: so many requests, or so much time.
bool Connection::slice_is_over() {
  constexpr std::uint16_t requests_max = 128;
  constexpr std::uint64_t time_ns_max = 100'000;
  if (slice_turn_ != shared_.turn) {
    slice_turn_ = shared_.turn;
    slice_since_ns_ = shared_.served_since_ns;
    slice_requests_ = 0;
    slice_clock_at_ = 1;
  }
  if (++slice_requests_ >= requests_max) return true;
  if (slice_requests_ < slice_clock_at_) return false;
  const std::uint64_t now_ns = shared_.clock.read_ns();
  if (slice_since_ns_ == 0) {
    slice_since_ns_ = now_ns;
    slice_clock_at_ = static_cast<std::uint16_t>(slice_requests_ + 1);
    return false;
  }
  const std::uint64_t elapsed_ns = now_ns - slice_since_ns_;
  if (elapsed_ns >= time_ns_max) {
    slice_requests_ = requests_max;
    return true;
  }
  slice_clock_at_ = static_cast<std::uint16_t>(
      slice_requests_ + count_until_look(slice_requests_, elapsed_ns, time_ns_max));
  return false;
}

// The requests that have been read already are begun in this connection's next turn (ENG-016).
void Connection::go_on_later() {
  transport_.pause_reading();
  goes_on_ = true;
  join_queue();
}

// --- the queue ---

void Connection::join_queue() {
  if (!std::exchange(queued_, true)) shared_.turn_queue.join(place(), shared_.seen_ns);
}

// The octets of the receive are copied and wait. They take memory, so receiving stops when there
// are many (LIM-097).
void Connection::await_turn_with(uring::Completion completion) {
  if (!held_) held_ = shared_.lend_waiting();
  Output octets(shared_.blocks);
  if (completion.buffer != uring::no_buffer) {
    const uring::BufferLease lease(shared_.receive_buffers,
                                   std::exchange(completion.buffer, uring::no_buffer),
                                   static_cast<std::size_t>(std::max(completion.result, 0)));
    if (!octets.append(lease.view())) lack_memory();
  }
  held_->add(completion, std::move(octets));
  recount();
  const std::size_t bytes = held_->size() * shared_.receive_buffers.buffer_bytes();
  if (bytes >= shared_.config.receive_credit_bytes) transport_.cancel_receive();
  join_queue();
}

void Connection::begin_turn() {
  queued_ = false;
  if (std::exchange(goes_on_, false)) go_on();
}

// Handles the receive that has waited longest, which may end this connection.
void Connection::take_waiting_receive() {
  WaitingReceive first = held_->take_first();
  if (held_->empty()) shared_.take_back(std::move(held_));
  recount();
  const bool owned = transport_.receives_into_room();
  const bool goes_on = took_receive(first.completion, {first.octets.data(), first.octets.size()});
  if (!goes_on) return;
  first.octets.release();
  receive_on(first.completion.result > 0 && !owned);
}

void Connection::end_turn() {
  if (held_) join_queue();
}

// Begins the next slice of the requests that have been read already.
void Connection::go_on() {
  const bool has_backlog = life_ == Life::open && transport_.reading_paused() && parked_ &&
                           parked_->phase == Phase::backlog;
  // With too much output queued, resume_input() goes on once that has left.
  if (!has_backlog || transport_.queued_bytes() > shared_.config.send_queue_bytes_high) return;
  transport_.resume_reading();
  // Taken out first: what is read from it may be parked, or paused, again.
  std::unique_ptr<ParkedMessage> backlog = std::move(parked_);
  const std::size_t left_bytes = consume(backlog->unread()).size();
  const bool keeps = life_ == Life::open || (life_ == Life::handling && !ends_behind());
  if (left_bytes == 0 || !keeps) {
    if (left_bytes != 0) peer_through_ = false;
    shared_.take_back(std::move(backlog));
  } else {
    CHECK(!parked_);
    backlog->keep_unread(left_bytes, shared_.config.pipeline_requests_max);
    parked_ = std::move(backlog);
    if (life_ == Life::handling && backlog_is_full()) pause_input();
  }
  recount();
  // Nothing but the empty line behind a request may have waited (H1-003).
  const bool is_idle =
      life_ == Life::open && transport_.queued_bytes() == 0 && is_between_messages();
  if (is_idle && waiting_ == Wait::nothing) {
    wait_for(Wait::keep_alive, shared_.clock.now_ms() + shared_.idle_ms);
  }
  if (life_ == Life::open && transport_.peer_finished() && !transport_.reading_paused())
    peer_finished();
  if (!transport_.receives() && transport_.may_receive()) receive_more();
}

}  // namespace pelton::http

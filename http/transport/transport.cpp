#include "http/transport/transport.hpp"

#include <poll.h>

#include <cerrno>

#include <algorithm>
#include <array>

#include "core/check.hpp"

namespace pelton::http {

using uring::Operation;

namespace {

// What an errno of an operation means (protocol 10.3).
enum class Fault : std::uint8_t { passing, starved, peer_lost, peer_silent, ours, unknown };

Fault fault_of(int error) {
  switch (error) {
    case EINTR:
    case EAGAIN:
    case ECANCELED:  // not by us (ENG-023): errnos are not looked at while closing
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

// Why the connection ends after an errno that does not pass by itself.
Reason fatal_reason(int error) {
  switch (fault_of(error)) {
    case Fault::peer_lost:
      return Reason::lost_reset;
    case Fault::peer_silent:
      return Reason::lost_timeout;
    case Fault::unknown:
      return Reason::cut_engine_unknown;
    default:
      break;
  }
  CHECK(!"a descriptor or memory that is not ours to use (ENG-038)");
  return Reason::none;
}

// How long after each failure an operation is tried again (ENG-035).
constexpr std::array<std::uint64_t, 3> retry_pauses_ns = {1'000'000, 10'000'000, 100'000'000};
// A failure so much later begins the pauses anew.
constexpr std::uint32_t starvation_forgotten_ms = 1000;

constexpr std::uint64_t file_bytes_at_once_max = std::uint64_t{1} << 20;

}  // namespace

Transport::Transport(Transports& shared, uring::Descriptor descriptor, uring::Token place)
    : shared_(shared),
      descriptor_(descriptor),
      place_(place),
      output_(shared.blocks),
      sending_(shared.blocks) {
  ++shared_.live_count;
}

Transport::~Transport() {
  --shared_.live_count;
}

void Transport::set_filter(std::unique_ptr<OctetFilter> filter, std::uint64_t until_ms) {
  set_detour(filtering, true);
  set_detour(handshaking, !filter->is_established());
  filtered_ = std::make_unique<Filtered>(std::move(filter), Output(shared_.blocks), until_ms);
}

// --- octets in ---

void Transport::arm_receive(std::span<char> room) {
  receive_armed_ = true;
  receive_cancelled_ = false;
  // A filter writes the opened octets elsewhere, so receiving in place would be useless.
  receives_into_room_ = !room.empty() && !has_filter();
  if (receives_into_room_) {
    shared_.engine.receive_into(token(Operation::receive), descriptor_, room);
  } else {
    shared_.engine.receive(token(Operation::receive), descriptor_);
  }
}

void Transport::cancel_receive() {
  if (!receive_armed_ || std::exchange(receive_cancelled_, true)) return;
  cancel(Operation::receive);
}

Arrival Transport::take_receive(const uring::Completion& completion) {
  if (!completion.more) receive_armed_ = false;
  const bool into_room = std::exchange(receives_into_room_, false);
  const bool unwanted = std::exchange(given_up_, nullptr) != nullptr;
  if (closing()) return Arrival::after_closing;
  const std::int32_t result = completion.result;
  if (result > 0) {
    if (unwanted) return Arrival::unwanted;
    return into_room ? Arrival::own_octets : Arrival::octets;
  }
  if (result == 0) return std::exchange(peer_finished_, true) ? Arrival::nothing : Arrival::end;
  if (result == -ENOBUFS) {
    // The octets stay in the socket. The receive is armed again once this batch's leases are back.
    shared_.stats.count(Reason::fallback_receive_no_buffers);
    return Arrival::no_buffers;
  }
  if (result == -ECANCELED) {
    if (!std::exchange(receive_cancelled_, false)) {
      shared_.stats.count(Reason::engine_cancelled_unasked);
    }
    return Arrival::nothing;
  }
  failure_ = receive_failed(-result);
  return failure_ == Reason::none ? Arrival::nothing : Arrival::failed;
}

Reason Transport::open(std::span<char>& octets) {
  if (!has_filter()) return Reason::none;
  OctetFilter& filter = *filtered_->filter;
  Output& opened = filtered_->opened;
  opened.release();
  filtered_->heard |= !octets.empty();
  const Reason refusal = filter.open(octets, opened);
  if (in_handshake() && filter.is_established()) set_detour(handshaking, false);
  octets = {opened.data(), opened.size()};
  return opened.has_failed() ? Reason::cut_memory : refusal;
}

void Transport::note_peer_finished() {
  peer_finished_ = true;
  cancel_receive();
}

void Transport::keep_room(Output room) {
  CHECK(receives_into_room_ && given_up_ == nullptr);
  given_up_ = std::make_unique<Output>(std::move(room));
  cancel_receive();
}

Reason Transport::receive_failed(int error) {
  switch (fault_of(error)) {
    case Fault::passing:
      return Reason::none;
    case Fault::starved:
      starvation_.of_receive = receive_armed_ = true;
      return retry_later();
    default:
      return fatal_reason(error);
  }
}

void Transport::await_buffer() {
  starvation_.of_receive = receive_armed_ = true;
  const std::uint64_t at_ns = shared_.clock.now_ns() + retry_pauses_ns[0];
  if (at_ns < starvation_.retry_at_ns) retry_at(at_ns);
}

// --- octets out ---

// The socket has taken `bytes_sent` of the octets. Returns how many are left.
[[gnu::noinline]] std::int64_t Transport::send_rest(std::size_t bytes_sent) {
  shared_.stats.count(Reason::engine_short_send);
  take_rest(bytes_sent);
  arm_send();
  return static_cast<std::int64_t>(sending_.size() - sent_bytes_);
}

// Replaces the queued octets by sealed ones. False if there is no memory for them.
bool Transport::seal() {
  Output wire(shared_.blocks);
  if (!filtered_->filter->seal(output_, wire)) return output_.fail();
  output_.release();
  output_.take(wire);
  return true;
}

// Sealed octets cannot be taken back, so all that the socket does not take at once become a send,
// whose completion also reports an error.
[[gnu::noinline]] std::int64_t Transport::seal_and_send() {
  if (!seal()) return -ENOMEM;
  const std::int32_t sent = shared_.engine.send_at_once(descriptor_, output_.octets());
  if (sent > 0 && static_cast<std::size_t>(sent) == output_.size()) {
    output_.release();
    return 0;
  }
  if (sent > 0) return send_rest(static_cast<std::size_t>(sent));
  take_rest(0);
  arm_send();
  return static_cast<std::int64_t>(sending_.size());
}

void Transport::take_rest(std::size_t bytes_sent) {
  sending_.take(output_);
  sent_bytes_ = bytes_sent;
  deadline_ms_ = shared_.clock.now_ms() + shared_.rules.rate_grace_ms;
}

void Transport::arm_send() {
  set_detour(sending, true);
  shared_.engine.send(token(Operation::send), descriptor_,
                      {sending_.data() + sent_bytes_, sending_.size() - sent_bytes_});
}

Reason Transport::begin_send(int error) {
  if (has_filter()) {
    if (!seal()) return Reason::cut_memory;
    error = 0;  // of octets that were not sealed
  }
  take_rest(0);
  if (error != 0) return send_failed(error);
  arm_send();
  return Reason::none;
}

Reason Transport::complete_send(std::int32_t result) {
  set_detour(sending, false);
  if (closing()) return Reason::none;
  if (result < 0) [[unlikely]]
    return send_failed(-result);
  const auto bytes = static_cast<std::size_t>(result);
  sent_bytes_ += bytes;
  if (sent_bytes_ < sending_.size()) [[unlikely]] {
    // A connection has one send in flight, so the rest follows in order (ENG-027).
    shared_.stats.count(Reason::engine_short_send);
    const TransportRules& rules = shared_.rules;
    deadline_ms_ = std::min(deadline_ms_ + bytes * 1000 / rules.send_rate_bytes_per_second_min,
                            shared_.clock.now_ms() + rules.rate_credit_ms_max);
    arm_send();
    return Reason::none;
  }
  sending_.release();
  sent_bytes_ = 0;
  return Reason::none;
}

Reason Transport::send_failed(int error) {
  switch (fault_of(error)) {
    case Fault::passing:
      if (error == ECANCELED) shared_.stats.count(Reason::engine_cancelled_unasked);
      arm_send();
      return Reason::none;
    case Fault::starved:
      starvation_.of_send = true;
      set_detour(sending, true);
      return retry_later();
    default:
      return fatal_reason(error);
  }
}

// --- files ---

std::int64_t Transport::send_file(int file, std::uint64_t offset, std::uint64_t bytes) {
  // Queued octets go first: as many as the socket takes now, the rest by a send.
  if (can_send()) send_at_once();
  if (!flushed() || room_polled_) return 0;
  if (room_untold_ || has_filter()) return -EOPNOTSUPP;
  const std::int64_t sent = shared_.engine.send_file_at_once(
      descriptor_, file, offset, static_cast<std::size_t>(std::min(bytes, file_bytes_at_once_max)));
  if (sent == 0) return -ENODATA;
  if (sent > 0) {
    file_bytes_ += static_cast<std::uint64_t>(sent);
    return sent;
  }
  const auto error = static_cast<int>(-sent);
  const bool is_full = error == EAGAIN || error == ENOBUFS || error == ENOMEM;
  // If the peer is gone, the poll that follows reports it, when no handler is at work.
  const bool is_peers =
      fault_of(error) == Fault::peer_lost || fault_of(error) == Fault::peer_silent;
  if (!is_full && !is_peers) return sent;
  await_room();
  return 0;
}

void Transport::await_room() {
  if (sends() || room_polled_) return;
  // A peer earns time by the octets it took since the last wait (CON-004).
  const TransportRules& rules = shared_.rules;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  const std::uint64_t bytes = std::exchange(file_bytes_, 0);
  if (deadline_ms_ < now_ms) {
    deadline_ms_ = now_ms + rules.rate_grace_ms;
  } else {
    deadline_ms_ = std::min(deadline_ms_ + bytes * 1000 / rules.send_rate_bytes_per_second_min,
                            now_ms + std::max(rules.rate_credit_ms_max, rules.rate_grace_ms));
  }
  room_polled_ = true;
  shared_.engine.poll(token(Operation::room), descriptor_, POLLOUT);
}

Reason Transport::complete_room(std::int32_t events) {
  room_polled_ = false;
  if (closing()) return Reason::none;
  if (events < 0) {
    if (events != -ECANCELED) return fatal_reason(-events);
    shared_.stats.count(Reason::engine_cancelled_unasked);
  } else if ((events & (POLLERR | POLLHUP)) != 0) {
    return Reason::lost_reset;
  } else if ((events & POLLOUT) == 0) {
    // A ring always reports POLLRDHUP at once, so for a peer that has sent its FIN no poll says
    // when there is room; a send in flight still learns it.
    room_untold_ = true;
  }
  return Reason::none;
}

// --- time ---

std::uint64_t Transport::deadline_ms() const {
  // While no receive is armed, nobody has looked at what the peer has sent.
  if (lingering() && hears()) return std::min(linger_deadline_ms_, deadline_ms_);
  const std::uint64_t next_ms = sends() || room_polled_ ? deadline_ms_ : TimerWheel::no_deadline_ms;
  const bool awaits_filter = in_handshake() && state_ == State::open;
  return awaits_filter ? std::min(next_ms, filtered_->established_by_ms) : next_ms;
}

Reason Transport::overdue(std::uint64_t seen_ms) const {
  if (seen_ms < deadline_ms()) return Reason::none;
  if (lingering()) return Reason::closed_linger_timeout;
  return in_handshake() && state_ == State::open && seen_ms >= filtered_->established_by_ms
             ? Reason::cut_tls_handshake_timeout
             : Reason::cut_send_too_slow;
}

Reason Transport::retry_later() {
  const auto now_ms = static_cast<std::uint32_t>(shared_.clock.now_ms());
  if (now_ms - starvation_.since_ms >= starvation_forgotten_ms) starvation_.count = 0;
  starvation_.since_ms = now_ms;
  if (starvation_.count == retry_pauses_ns.size()) return Reason::cut_engine_memory;
  retry_at(shared_.clock.now_ns() + retry_pauses_ns[starvation_.count++]);
  return Reason::none;
}

// In a queue of its own: a tick of the timer wheel is longer than most of these pauses.
void Transport::retry_at(std::uint64_t at_ns) {
  starvation_.retry_at_ns = at_ns;
  shared_.retries.push({at_ns, place_});
}

bool Transport::retry() {
  // If two retries were planned, the earlier one has done the work of both.
  if (starvation_.retry_at_ns > shared_.clock.now_ns()) return false;
  starvation_.retry_at_ns = uring::no_deadline;
  if (std::exchange(starvation_.of_send, false)) arm_send();
  if (!std::exchange(starvation_.of_receive, false)) return false;
  receive_armed_ = false;
  return may_receive();
}

// --- the end ---

bool Transport::begin_farewell() {
  if (!has_filter() || state_ != State::open || sends() || !output_.empty()) return false;
  finish();
  leaves_once_flushed_ = filter_has_octets();
  return leaves_once_flushed_;
}

bool Transport::linger() {
  if (shared_.lingering_count >= shared_.rules.lingering_max ||
      shared_.live_count >= shared_.rules.linger_live_max) {
    shared_.stats.count(Reason::closed_linger_skipped);
    return false;
  }
  state_ = State::lingering;
  ++shared_.lingering_count;
  shutdown_in_flight_ = true;
  shared_.engine.shutdown(token(Operation::shutdown), descriptor_);
  const std::uint64_t now_ms = shared_.clock.now_ms();
  linger_deadline_ms_ = now_ms + shared_.rules.linger_timeout_ms;
  deadline_ms_ = now_ms + shared_.rules.linger_idle_ms;
  resume_reading();
  return true;
}

void Transport::note_discarded() {
  deadline_ms_ = shared_.clock.now_ms() + shared_.rules.linger_idle_ms;
}

void Transport::close() {
  if (lingering()) --shared_.lingering_count;
  state_ = State::closing;
  starvation_.retry_at_ns = uring::no_deadline;
  if (std::exchange(starvation_.of_send, false)) set_detour(sending, false);
  if (std::exchange(starvation_.of_receive, false)) receive_armed_ = false;
  cancel_receive();
  if (sends()) cancel(Operation::send);
  if (room_polled_) cancel(Operation::room);
}

void Transport::cancel(Operation operation) {
  ++cancels_in_flight_;
  shared_.engine.cancel(token(Operation::cancel), token(operation));
}

bool Transport::is_quiet() const {
  return !receive_armed_ && !sends() && !room_polled_ && !shutdown_in_flight_ &&
         cancels_in_flight_ == 0 && !close_in_flight_;
}

bool Transport::close_descriptor() {
  if (reset_wanted_) {
    shared_.engine.reset(descriptor_);
    return false;
  }
  close_in_flight_ = true;
  shared_.engine.close(token(Operation::close), descriptor_);
  return true;
}

}  // namespace pelton::http

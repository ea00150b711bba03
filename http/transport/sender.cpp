#include "http/transport/sender.hpp"

#include <poll.h>

#include <cerrno>

#include <algorithm>
#include <utility>

namespace pelton::http {

using uring::Operation;

namespace {

constexpr std::uint64_t file_bytes_at_once_max = std::uint64_t{1} << 20;

}  // namespace

// --- queued octets ---

// The socket has taken `bytes_sent` of the octets. Returns how many are left.
[[gnu::noinline]] std::int64_t Sender::send_rest(std::size_t bytes_sent) {
  socket_.shared.stats.count(Reason::engine_short_send);
  take_rest(bytes_sent);
  arm();
  return static_cast<std::int64_t>(sending_.size() - sent_bytes_);
}

// Sealed octets cannot be taken back, so all that the socket does not take at once become a send,
// whose completion also reports an error.
[[gnu::noinline]] std::int64_t Sender::seal_and_send() {
  if (!socket_.filter->seal(output_, socket_.shared.blocks)) return -ENOMEM;
  const std::int32_t sent =
      socket_.shared.engine.send_at_once(socket_.descriptor, output_.octets());
  if (sent > 0 && static_cast<std::size_t>(sent) == output_.size()) {
    output_.release();
    return 0;
  }
  if (sent > 0) return send_rest(static_cast<std::size_t>(sent));
  take_rest(0);
  arm();
  return static_cast<std::int64_t>(sending_.size());
}

void Sender::take_rest(std::size_t bytes_sent) {
  sending_.take(output_);
  sent_bytes_ = bytes_sent;
  deadline_ms_ = socket_.shared.clock.now_ms() + socket_.shared.rules.rate_grace_ms;
}

void Sender::arm() {
  socket_.set_detour(sending, true);
  socket_.shared.engine.send(socket_.token(Operation::send), socket_.descriptor,
                             {sending_.data() + sent_bytes_, sending_.size() - sent_bytes_});
}

Reason Sender::begin_send(int error) {
  if (socket_.has_filter()) {
    if (!socket_.filter->seal(output_, socket_.shared.blocks)) return Reason::cut_memory;
    error = 0;  // of octets that were not sealed
  }
  take_rest(0);
  if (error != 0) return failed(error);
  arm();
  return Reason::none;
}

Reason Sender::complete_send(std::int32_t result) {
  socket_.set_detour(sending, false);
  if (socket_.closing()) return Reason::none;
  if (result < 0) [[unlikely]]
    return failed(-result);
  const auto bytes = static_cast<std::size_t>(result);
  sent_bytes_ += bytes;
  if (sent_bytes_ < sending_.size()) [[unlikely]] {
    // A connection has one send in flight, so the rest follows in order (ENG-027).
    socket_.shared.stats.count(Reason::engine_short_send);
    const TransportRules& rules = socket_.shared.rules;
    deadline_ms_ = std::min(deadline_ms_ + bytes * 1000 / rules.send_rate_bytes_per_second_min,
                            socket_.shared.clock.now_ms() + rules.rate_credit_ms_max);
    arm();
    return Reason::none;
  }
  sending_.release();
  sent_bytes_ = 0;
  return Reason::none;
}

Reason Sender::failed(int error) {
  switch (fault_of(error)) {
    case Fault::passing:
      if (error == ECANCELED) socket_.shared.stats.count(Reason::engine_cancelled_unasked);
      arm();
      return Reason::none;
    case Fault::starved:
      starved_ = true;
      socket_.set_detour(sending, true);
      return socket_.retry_later();
    default:
      return fatal_reason(error);
  }
}

// --- files ---

std::int64_t Sender::send_file(int file, std::uint64_t offset, std::uint64_t bytes) {
  // Queued octets go first: as many as the socket takes now, the rest by a send.
  if (can_send()) send_at_once();
  if (!is_flushed() || room_polled_) return 0;
  if (room_untold_ || socket_.has_filter()) return -EOPNOTSUPP;
  const std::int64_t sent = socket_.shared.engine.send_file_at_once(
      socket_.descriptor, file, offset,
      static_cast<std::size_t>(std::min(bytes, file_bytes_at_once_max)));
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

void Sender::await_room() {
  if (is_sending() || room_polled_) return;
  // A peer earns time by the octets it took since the last wait (CON-004).
  const TransportRules& rules = socket_.shared.rules;
  const std::uint64_t now_ms = socket_.shared.clock.now_ms();
  const std::uint64_t bytes = std::exchange(file_bytes_, 0);
  if (deadline_ms_ < now_ms) {
    deadline_ms_ = now_ms + rules.rate_grace_ms;
  } else {
    deadline_ms_ = std::min(deadline_ms_ + bytes * 1000 / rules.send_rate_bytes_per_second_min,
                            now_ms + std::max(rules.rate_credit_ms_max, rules.rate_grace_ms));
  }
  room_polled_ = true;
  socket_.shared.engine.poll(socket_.token(Operation::room), socket_.descriptor, POLLOUT);
}

Reason Sender::complete_room(std::int32_t events) {
  room_polled_ = false;
  if (socket_.closing()) return Reason::none;
  if (events < 0) {
    if (events != -ECANCELED) return fatal_reason(-events);
    socket_.shared.stats.count(Reason::engine_cancelled_unasked);
  } else if ((events & (POLLERR | POLLHUP)) != 0) {
    return Reason::lost_reset;
  } else if ((events & POLLOUT) == 0) {
    // A ring always reports POLLRDHUP at once, so for a peer that has sent its FIN no poll says
    // when there is room; a send in flight still learns it.
    room_untold_ = true;
  }
  return Reason::none;
}

// --- another try, and the end ---

void Sender::retry() {
  if (std::exchange(starved_, false)) arm();
}

void Sender::stop() {
  if (std::exchange(starved_, false)) socket_.set_detour(sending, false);
  if (is_sending()) socket_.cancel(Operation::send);
  if (room_polled_) socket_.cancel(Operation::room);
}

}  // namespace pelton::http

// The half of a connection that sends files: their octets go from the page cache to the socket, and
// while the socket is full nothing of them is held in memory.
#include <poll.h>

#include <cerrno>

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using uring::Operation;

namespace {

constexpr std::uint64_t bytes_at_once_max = std::uint64_t{1} << 20;

// The peer is gone; the poll that follows says so too, when no handler is at work on the exchange.
bool is_peers(int error) {
  return error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ETIMEDOUT ||
         error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN ||
         error == ECONNABORTED;
}

}  // namespace

ExchangeHandle Connection::hand_over(const ExchangeListener& listener) {
  if (kept_ == nullptr) return {};
  CHECK(!kept_->response_begun());
  kept_->hand_over(listener);
  return {shared_.pending, kept_->place()};
}

std::int64_t Connection::write_file(int file, std::uint64_t offset, std::size_t bytes) {
  CHECK(kept_ != nullptr && kept_->response_begun());
  h1::StreamedBody& body = kept_->response.body;
  // As write() takes what will not leave.
  if (!body.wants_more()) return static_cast<std::int64_t>(bytes);
  if (!pending_.empty() && !send_in_flight_) {
    // What is queued goes ahead, as far as the socket takes it at once; the rest in the usual way.
    const std::int32_t sent = shared_.engine.send_at_once(descriptor_, pending_.octets());
    if (sent > 0 && static_cast<std::size_t>(sent) == pending_.size()) {
      pending_.release();
    } else if (sent > 0) {
      flush_rest(sent);
    }
  }
  if (send_in_flight_ || room_polled_ || !pending_.empty()) {
    kept_->await_room();
    shared_.schedule(*this);
    return 0;
  }
  if (kept_->response.room_untold) return -EOPNOTSUPP;
  const std::uint64_t wanted =
      std::min({static_cast<std::uint64_t>(bytes), body.left_bytes(), bytes_at_once_max});
  const std::int64_t sent =
      shared_.engine.send_file_at_once(descriptor_, file, offset, static_cast<std::size_t>(wanted));
  if (sent == 0) return -ENODATA;
  if (sent > 0) {
    body.pass(static_cast<std::uint64_t>(sent));
    kept_->response.file_bytes += static_cast<std::uint64_t>(sent);
    return sent;
  }
  if (sent != -EAGAIN && sent != -ENOBUFS && sent != -ENOMEM &&
      !is_peers(static_cast<int>(-sent))) {
    return sent;
  }
  await_turn();
  return 0;
}

// A socket that has room says so in the next turn.
void Connection::await_turn() {
  CHECK(kept_ != nullptr);
  kept_->await_room();
  if (send_in_flight_ || room_polled_) return;
  // A peer earns time by what it took since it was waited for last (CON-004).
  const ServerConfig& config = shared_.config;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  const std::uint64_t bytes = std::exchange(kept_->response.file_bytes, 0);
  if (send_deadline_ms_ < now_ms) {
    send_deadline_ms_ = now_ms + config.rate_grace_ms;
  } else {
    send_deadline_ms_ =
        std::min(send_deadline_ms_ + bytes * 1000 / config.send_rate_bytes_per_second_min,
                 now_ms + std::max(config.rate_credit_ms_max, config.rate_grace_ms));
  }
  room_polled_ = true;
  shared_.engine.poll(token(Operation::room), descriptor_, POLLOUT);
}

// The poll's end, with what is ready or -errno.
void Connection::room_made(std::int32_t events) {
  room_polled_ = false;
  if (life_ == Life::closing) return try_close();
  if (events < 0) {
    if (events != -ECANCELED) return fail(-events);
    shared_.stats.count(Reason::engine_cancelled_unasked);
  } else if ((events & (POLLERR | POLLHUP)) != 0) {
    return lose(Reason::lost_reset);
  } else if ((events & POLLOUT) == 0 && kept_ != nullptr) {
    // A ring tells of POLLRDHUP unasked and at once, so of a peer that has ended its side it cannot
    // be learned when there is room; a send that waits can.
    kept_->response.room_untold = true;
  }
  note_room();
}

void Connection::note_truncated() {
  CHECK(kept_ != nullptr);
  kept_->response.truncated = true;
}

}  // namespace pelton::http

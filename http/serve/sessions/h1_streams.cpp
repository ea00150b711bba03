// How an HTTP/1.1 session sends a response that is made piece by piece. While the client is slow to
// take it, writes are not taken from the handler (RSP-023).
#include <algorithm>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

HeadFault H1Session::begin_stream(const ResponseHead& head) {
  CHECK(pending_ != nullptr && !pending_->response_begun());
  const Exchange& exchange = pending_->exchange();
  PendingExchange::Response& response = pending_->response;
  const HeadFault fault = shared_.writer.begin_stream(output(), head, exchange.persistence(),
                                                      exchange.request(), response.body);
  if (fault != HeadFault::none) return fault;
  response.status = head.status;
  response.ends_connection = shared_.writer.close_wanted();
  pending_->deadline_ms = TimerWheel::no_deadline_ms;  // CON-005: till the response has begun
  connection_.schedule();
  return HeadFault::none;
}

bool H1Session::wants_more() const {
  CHECK(pending_ != nullptr && pending_->response_begun());
  return pending_->response.body.wants_more();
}

std::size_t H1Session::write(std::string_view piece) {
  CHECK(pending_ != nullptr && pending_->response_begun());
  h1::StreamedBody& body = pending_->response.body;
  const ServerConfig& config = shared_.config;
  std::size_t taken = piece.size();
  if (body.wants_more()) {
    const std::size_t queued = transport().queued_bytes();
    const std::uint64_t room =
        queued > config.send_queue_bytes_high ? 0 : config.connection_queue_bytes_max - queued;
    taken = static_cast<std::size_t>(std::min<std::uint64_t>(taken, room));
  }
  if (!output().make_room(taken + h1::StreamedBody::frame_bytes_max)) {
    // What is queued leaves first, and makes room; with nothing queued there is none to wait for.
    if (transport().queued_bytes() != 0) {
      output().recover();
      taken = 0;
    }
  }
  if (!output().has_failed()) body.write(output(), piece.substr(0, taken));
  if (taken < piece.size()) {
    // Not sent before the turn ends: who waits for room hears of it by the completion.
    pending_->await_room();
  } else {
    send_early();
  }
  connection_.schedule();
  return taken;
}

// So much gains nothing by company, and is still in the cache: it leaves as far as the socket takes
// it. An error is met again at the end of the turn, when no handler is at work on the exchange.
void H1Session::send_early() {
  constexpr std::size_t bytes_min = std::size_t{64} * 1024;
  if (!transport().can_send() || output().size() < bytes_min || output().has_failed()) return;
  transport().send_at_once();
}

bool H1Session::is_backed_up() {
  CHECK(pending_ != nullptr && pending_->response_begun());
  if (transport().queued_bytes() <= shared_.config.send_queue_bytes_high) return false;
  pending_->await_room();
  connection_.schedule();
  return true;
}

void H1Session::end_stream(Outcome outcome, std::span<const FieldView> trailers) {
  h1::StreamedBody& body = pending_->response.body;
  const bool whole = outcome == Outcome::responded && !body.is_short();
  Reason reason = Reason::none;
  if (outcome == Outcome::failed) {
    reason = pending_->response.truncated ? Reason::fault_static_truncated
                                          : Reason::fault_handler_streaming;
  } else if (body.is_short() || body.has_surplus()) {
    reason = Reason::fault_response_length;
  }
  if (whole) {
    body.finish(output(), trailers, shared_.stats);
    if (reason != Reason::none) shared_.stats.count(reason);
  } else {
    cut_after_ = reason;
  }
  if (shared_.access_log != nullptr) {
    const Exchange& exchange = pending_->exchange();
    log_exchange(exchange.request(), exchange.match().found_route(),
                 {pending_->response.status, body.body_bytes()}, reason);
  }
  const bool ends = !whole || body.has_surplus() || body.ends_connection();
  if (ends || pending_->response.ends_connection) ends_once_read_ = false;
  answered(ends || pending_->response.ends_connection ? Persistence::close
                                                      : pending_->exchange().persistence());
}

// --- files ---

std::int64_t H1Session::write_file(int file, std::uint64_t offset, std::size_t bytes) {
  CHECK(pending_ != nullptr && pending_->response_begun());
  h1::StreamedBody& body = pending_->response.body;
  // As write() takes what will not leave.
  if (!body.wants_more()) return static_cast<std::int64_t>(bytes);
  const std::uint64_t wanted = std::min<std::uint64_t>(bytes, body.left_bytes());
  const std::int64_t sent = transport().send_file(file, offset, wanted);
  if (sent > 0) body.pass(static_cast<std::uint64_t>(sent));
  if (sent == 0) {
    pending_->await_room();
    connection_.schedule();
  }
  return sent;
}

// A socket that has room says so in the next turn.
void H1Session::await_turn() {
  CHECK(pending_ != nullptr);
  pending_->await_room();
  transport().await_room();
}

ExchangeHandle H1Session::hand_over(const ExchangeListener& listener) {
  if (pending_ == nullptr) return {};
  CHECK(!pending_->response_begun());
  pending_->hand_over(listener);
  return {shared_.pending, pending_->place()};
}

void H1Session::note_truncated() {
  CHECK(pending_ != nullptr);
  pending_->response.truncated = true;
}

}  // namespace pelton::http

// The half of a connection that sends a response as it is made. A peer that is slow to take it
// holds back the handler, by a write that is not taken (RSP-023).
#include <algorithm>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using h1::Persistence;

HeadFault Connection::begin_stream(const ResponseHead& head) {
  CHECK(kept_ != nullptr && !kept_->response_begun());
  const Exchange& exchange = kept_->exchange();
  PendingExchange::Response& response = kept_->response;
  const HeadFault fault = shared_.writer.begin_stream(pending_, head, exchange.persistence(),
                                                      exchange.request(), response.body);
  if (fault != HeadFault::none) return fault;
  response.status = head.status;
  response.ends_connection = shared_.writer.close_wanted();
  kept_->deadline_ms = TimerWheel::no_deadline_ms;  // CON-005: till the response has begun
  shared_.schedule(*this);
  return HeadFault::none;
}

bool Connection::wants_more() const {
  CHECK(kept_ != nullptr && kept_->response_begun());
  return kept_->response.body.wants_more();
}

std::size_t Connection::write(std::string_view piece) {
  CHECK(kept_ != nullptr && kept_->response_begun());
  h1::StreamedBody& body = kept_->response.body;
  const ServerConfig& config = shared_.config;
  std::size_t taken = piece.size();
  if (body.wants_more()) {
    const std::size_t queued = queued_bytes();
    const std::uint64_t room =
        queued > config.send_queue_bytes_high ? 0 : config.connection_queue_bytes_max - queued;
    taken = static_cast<std::size_t>(std::min<std::uint64_t>(taken, room));
  }
  if (!pending_.make_room(taken + h1::StreamedBody::frame_bytes_max)) {
    // What is queued leaves first, and makes room; with nothing queued there is none to wait for.
    if (queued_bytes() != 0) {
      pending_.recover();
      taken = 0;
    }
  }
  if (!pending_.has_failed()) body.write(pending_, piece.substr(0, taken));
  if (taken < piece.size()) {
    // Not sent before the turn ends: who waits for room hears of it by the completion.
    kept_->await_room();
  } else {
    send_early();
  }
  shared_.schedule(*this);
  return taken;
}

// So much gains nothing by company, and is still in the cache: it leaves as far as the socket takes
// it. An error is met again at the end of the turn, when no handler is at work on the exchange.
void Connection::send_early() {
  constexpr std::size_t bytes_min = std::size_t{64} * 1024;
  if (send_in_flight_ || pending_.size() < bytes_min || pending_.has_failed()) return;
  const std::int32_t sent = shared_.engine.send_at_once(descriptor_, pending_.octets());
  if (sent <= 0) return;
  if (static_cast<std::size_t>(sent) < pending_.size()) return flush_rest(sent);
  pending_.release();
}

bool Connection::is_backed_up() {
  CHECK(kept_ != nullptr && kept_->response_begun());
  if (queued_bytes() <= shared_.config.send_queue_bytes_high) return false;
  kept_->await_room();
  shared_.schedule(*this);
  return true;
}

void Connection::end_stream(Outcome outcome, std::span<const FieldView> trailers) {
  h1::StreamedBody& body = kept_->response.body;
  const bool whole = outcome == Outcome::responded && !body.is_short();
  Reason reason = Reason::none;
  if (outcome == Outcome::failed) {
    reason = kept_->response.truncated ? Reason::fault_static_truncated
                                       : Reason::fault_handler_streaming;
  } else if (body.is_short() || body.has_surplus()) {
    reason = Reason::fault_response_length;
  }
  if (whole) {
    body.finish(pending_, trailers, shared_.stats);
    if (reason != Reason::none) shared_.stats.count(reason);
  } else {
    cut_behind_ = reason;
  }
  if (shared_.access_log != nullptr) {
    const Exchange& exchange = kept_->exchange();
    log_exchange(exchange.request(), exchange.match().found_route(),
                 {kept_->response.status, body.body_bytes()}, reason);
  }
  const bool ends = !whole || body.has_surplus() || body.ends_connection();
  if (ends || kept_->response.ends_connection) ended_by_stop_ = false;
  answered(ends || kept_->response.ends_connection ? Persistence::close
                                                   : kept_->exchange().persistence());
}

}  // namespace pelton::http

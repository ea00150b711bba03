// The functions of a suspended exchange. While the client is slow to take a response in pieces, no
// more octets are accepted from the handler (RSP-023).
#include "http/serve/sessions/h1_exchange.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"
#include "http/websocket/handshake.hpp"
#include "http/websocket/switch_head.hpp"

namespace pelton::http {

namespace {

constexpr std::size_t date_bytes = 29;  // RFC 9110 section 5.6.7

}  // namespace

H1Exchange::H1Exchange(Place place, H1Session& session, Connection& connection,
                       const Exchange& live, std::unique_ptr<IncomingMessage> message,
                       const ExchangeListener& listener)
    : place_(place),
      session_(session),
      connection_(connection),
      shared_(connection.shared()),
      pending_(shared_.pending.emplace(live, *this, std::move(message), shared_.blocks, listener)) {
}

H1Exchange::~H1Exchange() {
  shared_.take_back(pending_.take_message());
  shared_.pending.erase(pending_.place().slot);
}

Transport& H1Exchange::transport() {
  return connection_.transport();
}

Output& H1Exchange::output() {
  return connection_.transport().sender().output();
}

// --- the response ---

HeadFault H1Exchange::hint(std::span<const std::string_view> links) {
  CHECK(!pending_.response_begun());
  const bool is_slow = transport().sender().queued_bytes() > shared_.config.send_queue_bytes_high;
  if (links.empty() || is_slow || pending_.exchange().request().version_minor == 0) {
    return HeadFault::none;
  }
  const HeadFault fault = h1::ResponseWriter::write_early_hints(output(), links);
  if (fault == HeadFault::none) connection_.schedule();
  return fault;
}

HeadFault H1Exchange::begin_stream(const ResponseHead& head) {
  CHECK(!pending_.response_begun());
  const Exchange& exchange = pending_.exchange();
  PendingExchange::Response& response = pending_.response;
  const HeadFault fault = shared_.writer.begin_stream(output(), head, exchange.persistence(),
                                                      exchange.request(), body_);
  if (fault != HeadFault::none) return fault;
  response.status = head.status;
  response.ends_connection = shared_.writer.close_wanted();
  pending_.deadline_ms = TimerWheel::no_deadline_ms;  // CON-005: only until the response begins
  connection_.schedule();
  return HeadFault::none;
}

bool H1Exchange::wants_more() const {
  CHECK(pending_.response_begun());
  return body_.wants_more();
}

std::size_t H1Exchange::write(std::string_view piece) {
  CHECK(pending_.response_begun());
  const ServerConfig& config = shared_.config;
  std::size_t taken = piece.size();
  if (body_.wants_more()) {
    const std::size_t queued = transport().sender().queued_bytes();
    const std::uint64_t room =
        queued > config.send_queue_bytes_high ? 0 : config.connection_queue_bytes_max - queued;
    taken = static_cast<std::size_t>(std::min<std::uint64_t>(taken, room));
  }
  if (!output().make_room(taken + h1::StreamedBody::frame_bytes_max)) {
    // Queued octets leave first and free their memory. With nothing queued, waiting frees none.
    if (transport().sender().queued_bytes() != 0) {
      output().recover();
      taken = 0;
    }
  }
  if (!output().has_failed()) body_.write(output(), piece.substr(0, taken));
  if (taken < piece.size()) {
    // Sent at the end of the turn: the send's completion reports the room to the handler.
    pending_.await_room();
  } else {
    send_early();
  }
  connection_.schedule();
  return taken;
}

// Sends large output within the turn: more octets would not make the send cheaper, and these are
// still in the CPU's cache. An error shows again at the end of the turn, when no handler uses the
// exchange.
void H1Exchange::send_early() {
  constexpr std::size_t bytes_min = std::size_t{64} * 1024;
  if (!transport().sender().can_send() || output().size() < bytes_min || output().has_failed())
    return;
  transport().sender().send_at_once();
}

bool H1Exchange::is_backed_up() {
  CHECK(pending_.response_begun());
  if (transport().sender().queued_bytes() <= shared_.config.send_queue_bytes_high) return false;
  pending_.await_room();
  connection_.schedule();
  return true;
}

void H1Exchange::end_stream(Outcome outcome, std::span<const FieldView> trailers) {
  const bool whole = outcome == Outcome::responded && !body_.is_short();
  Reason reason = Reason::none;
  if (outcome == Outcome::failed) {
    reason = pending_.response.truncated ? Reason::fault_static_truncated
                                         : Reason::fault_handler_streaming;
  } else if (body_.is_short() || body_.has_surplus()) {
    reason = Reason::fault_response_length;
  }
  if (whole) {
    body_.finish(output(), trailers, shared_.stats);
    if (reason != Reason::none) shared_.stats.count(reason);
  }
  if (shared_.access_log != nullptr) {
    const Exchange& exchange = pending_.exchange();
    session_.answers().log(exchange.request(), exchange.match().found_route(), sent(), reason);
  }
  const bool ends =
      !whole || body_.has_surplus() || body_.ends_connection() || pending_.response.ends_connection;
  session_.host().answered(ends ? session_.keep_alive().end() : pending_.exchange().persistence(),
                           whole ? Reason::none : reason);
}

// --- files ---

bool H1Exchange::passes_files() {
  return !transport().has_filter();
}

std::int64_t H1Exchange::write_file(int file, std::uint64_t offset, std::size_t bytes) {
  CHECK(pending_.response_begun());
  // Octets that will not leave count as taken, as in write().
  if (!body_.wants_more()) return static_cast<std::int64_t>(bytes);
  const std::uint64_t wanted = std::min<std::uint64_t>(bytes, body_.left_bytes());
  const std::int64_t sent = transport().sender().send_file(file, offset, wanted);
  if (sent > 0) body_.pass(static_cast<std::uint64_t>(sent));
  if (sent == 0) {
    pending_.await_room();
    connection_.schedule();
  }
  return sent;
}

// If the socket has room, its poll completes in the next turn.
void H1Exchange::await_turn() {
  pending_.await_room();
  transport().sender().await_room();
}

void H1Exchange::note_truncated() {
  pending_.response.truncated = true;
}

// --- the end ---

void H1Exchange::end(Outcome outcome, std::span<const FieldView> trailers) {
  CHECK(outcome != Outcome::pending);
  if (pending_.lacks_continue() && pending_.would_go_on()) {
    shared_.stats.count(Reason::closed_expect_unanswered);
  }
  if (awaits_upgrade()) shared_.stats.count(Reason::closed_upgrade_refused);
  if (pending_.response_begun()) return end_stream(outcome, trailers);
  session_.host().answered(session_.answers().settle(pending_.exchange(), outcome));
}

void H1Exchange::forsake() {
  Connection& connection = connection_;
  session_.host().forget(Reason::none);  // destroys this object
  connection.begin_close();
}

std::unique_ptr<OrphanedHandler> H1Exchange::orphan(OrphanedHandler::Expire at_limit,
                                                    void* context) {
  const std::uint64_t limit_ms =
      pending_.over() ? pending_.deadline_ms : TimerWheel::no_deadline_ms;
  return std::make_unique<OrphanedHandler>(shared_.orphans, limit_ms, at_limit, context);
}

// --- the body of the request ---

std::string_view H1Exchange::take_body(std::size_t bytes_max) {
  const std::string_view octets = pending_.body.take(bytes_max);
  if (pending_.body.awaited()) connection_.schedule();
  const bool has_room = pending_.body.waiting_bytes() <= shared_.config.send_queue_bytes_high;
  if (transport().receiver().is_paused() && has_room && session_.reader().streams_body())
    session_.reader().resume_body();
  return octets;
}

// --- a WebSocket ---

bool H1Exchange::awaits_upgrade() const {
  return pending_.match().route != nullptr && pending_.match().route->is_websocket;
}

WebSocketAccepted H1Exchange::accept_websocket(const WebSocketAccept& accept,
                                               const WebSocketListener& listener) {
  CHECK(awaits_upgrade() && !pending_.response_begun());
  const RequestHead& head = pending_.exchange().request();
  const RouteSettings& route = *pending_.match().route;
  if (!accept.subprotocol.empty() && !websocket::offers_protocol(head, accept.subprotocol)) {
    shared_.stats.count(Reason::fault_websocket_protocol);
    return {.fault = AcceptFault::protocol};
  }
  websocket::Handshake handshake = websocket::read_handshake(head);
  if (!shared_.websocket_rules.deflates) handshake.deflate = {};
  std::array<char, date_bytes> date;
  shared_.response_blocks.copy_date(date.data());
  if (!websocket::write_switch_head(output(),
                                    {.key = handshake.key,
                                     .protocol = accept.subprotocol,
                                     .deflate = handshake.deflate,
                                     .date = {date.data(), date.size()},
                                     .fields = accept.fields},
                                    shared_.stats)) {
    return {.fault = AcceptFault::header};
  }
  const WebSocketConnection& socket = connection_.sessions().accept_websocket(
      {.deflate = handshake.deflate,
       .message_bytes_max =
           accept.message_bytes_max.value_or(shared_.config.websocket_message_bytes_max)},
      listener);
  if (shared_.access_log != nullptr) {
    session_.answers().log(head, &route, {.status = 101, .body_bytes = 0}, Reason::none);
  }
  Shared& shared = shared_;
  session_.host().answered(Persistence::close);  // destroys this object
  return {.socket = {shared.websockets, socket.place()}, .topics = &shared.topics};
}

}  // namespace pelton::http

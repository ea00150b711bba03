// The plain road, which nearly all requests take: a message that lies whole in one receive buffer
// is parsed in place and routed, its handler is called, and the response is queued. A message in
// pieces goes on in h1_reader.cpp, a request that no handler answers in h1_answers.cpp.
#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

void H1Session::conclude(Persistence persistence) {
  shared_.schedule(connection_);
  if (persistence == Persistence::close) {
    conclude_last();
  } else if (transport().sender().queued_bytes() > shared_.config.send_queue_bytes_high) {
    connection_.pause_reading();
  }
}

void H1Session::call(const Handler& handler, const RequestHead& head, std::string_view body,
                     const Match& match, Persistence persistence) {
  Exchange exchange({.request = head,
                     .body = body,
                     .match = match,
                     .host = host_,
                     .sink = {shared_.writer, output(), persistence}});
  const Outcome outcome = handler(exchange);
  if (outcome != Outcome::responded || !exchange.responded() || shared_.access_log != nullptr)
      [[unlikely]] {
    return settle_rarely(exchange, outcome);
  }
  conclude(shared_.writer.close_wanted() ? end_wanted() : persistence);
}

void H1Session::dispatch(const RequestHead& head, std::string_view body, const Match& match) {
  const bool goes_on = keep_alive_.goes_on(shared_, head);
  call(match.route->handler, head, body, match,
       goes_on ? KeepAlive::keeping(head) : persistence_of_last(head));
}

std::string_view H1Session::begin_message(RequestHead& head, std::string_view rest) {
  keep_alive_.count_request();
  ++shared_.requests_begun;
  timer_.stop();
  if (shared_.may_shed | shared_.answers_at_once | head.has_upgrade) [[unlikely]] {
    if (begin_rarely(head, rest)) return reader_.skip_body(head, rest);
  }
  const Match match = shared_.routes.match(head, shared_.match_scratch);
  if (match.outcome != MatchOutcome::found) [[unlikely]] {
    answers().answer_unmatched(head, match, rest);
    return reader_.skip_body(head, rest);
  }
  const bool empty = head.framing == BodyFraming::none ||
                     (head.framing == BodyFraming::length && head.content_length == 0);
  if (!empty) return reader_.begin_body(head, match, rest);
  dispatch(head, {}, match);
  return rest;
}

// Reads messages that lie whole in `octets`. Returns the octets that must wait because output is
// backed up or because other connections have their turn.
std::string_view H1Session::consume(std::string_view octets) {
  HeadParser& parser = shared_.parser;
  do {
    const Verdict verdict = parser.parse_new(octets);
    if (verdict != Verdict::complete) [[unlikely]] {
      if (verdict == Verdict::rejected) {
        refuse(parser.reason(), parser.head().method);
      } else {
        reader_.begin_head(octets);
      }
      return {};
    }
    RequestHead& head = parser.head();
    octets.remove_prefix(head.head_bytes);
    octets = begin_message(head, octets);
  } while (!octets.empty() && reads_messages() && begins_more());
  return octets;
}

// Octets at the beginning of a message.
void H1Session::received_plain(std::string_view octets) {
  octets = consume(octets);
  if (!octets.empty()) [[unlikely]]
    keep_backlog(octets);
}

// Compiled as one function with everything above: calls between the functions would cost more than
// the work in them (benchmarks/callgrind/json_route.py).
[[gnu::flatten]] void Connection::complete_receive(const uring::Completion& completion) {
  if (completion.result > 0 && completion.more && transport_.reads_in_place() &&
      sessions_.h1().is_at_message_begin()) [[likely]] {
    const uring::BufferLease lease(shared_.receive_buffers, completion.buffer,
                                   static_cast<std::size_t>(completion.result));
    sessions_.h1().received_plain(lease.view());
  } else {
    complete_rare_receive(completion);
  }
}

}  // namespace pelton::http

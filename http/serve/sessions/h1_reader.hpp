// How an HTTP/1.1 session reads a request that does not lie whole in one receive: its octets are
// copied once into an IncomingMessage, and reading goes on there with each receive. Requests that
// wait for the answer of another one are kept there too, unread.
//
// The functions stand in h1_reader.cpp (heads, bodies in memory, bodies that nobody wants),
// h1_spooled_bodies.cpp (large bodies, which go to a file) and h1_streamed_bodies.cpp (bodies that
// their handler reads as they arrive).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/incoming_message.hpp"

namespace pelton::http {

class H1Session;

class H1Reader {
 public:
  using Phase = IncomingMessage::Phase;

  explicit H1Reader(H1Session& session) : session_(session) {}
  H1Reader(const H1Reader&) = delete;
  H1Reader& operator=(const H1Reader&) = delete;

  // --- what it holds ---

  // Of a message, or of requests that wait; null if nothing.
  const IncomingMessage* message() const { return message_.get(); }
  bool is_in(Phase phase) const { return message_ && message_->phase == phase; }
  // A message is being read, or its body discarded.
  bool reads() const { return message_ && message_->phase != Phase::backlog; }
  // No octet of a message has come, but perhaps of the empty line ahead of it (H1-003).
  bool is_between_messages() const { return !message_ || !begun(); }
  // A body is arriving that its handler reads meanwhile.
  bool streams_body() const { return message_ && message_->is_streamed(); }
  // Of the request that is being read, as far as it is known: only while there is one.
  Method method() const;
  // Its head, as far as it is known.
  RequestHead known_head() const;
  // Where the next octets belong, if they are that many; empty: into the shared buffers.
  std::span<char> room() const;

  // --- reading ---

  // Octets that are the beginning of a head, and not all of it.
  void begin_head(std::string_view octets);
  // What follows a head. Each returns the octets behind the body that it has not read.
  std::string_view begin_body(const RequestHead& head, const Match& match, std::string_view rest);
  std::string_view skip_body(const RequestHead& head, std::string_view rest);
  // More octets of the message. Returns those behind it.
  std::string_view resume(std::string_view octets);
  // So many octets were received into room().
  void receive_own(std::size_t bytes);
  // The connection has to end if this request is answered without its body.
  bool must_close_unread(const RequestHead& head, std::string_view rest) const;
  // The handler has taken enough of a body for more to be received.
  void resume_body();
  // The body that a handler reads will never be whole.
  void refuse_streamed(Reason reason);
  // The exchange is over before its body: the rest is discarded.
  void discard_streamed() { message_->discard_streamed(); }
  // Nobody waits for the rest of the message any more.
  void drop();

  // Why the peer's FIN ends the connection here; a refusal if a request was cut short.
  Reason truncation() const;

  // --- requests that wait, unread ---

  // False if there is no memory for them.
  [[nodiscard]] bool keep_unread(std::string_view octets);
  bool backlog_is_full() const;
  std::unique_ptr<IncomingMessage> take() { return std::move(message_); }
  void put_back(std::unique_ptr<IncomingMessage> backlog) { message_ = std::move(backlog); }

 private:
  IncomingMessage& begin(Phase phase);
  bool begun() const { return message_->phase != Phase::head || message_->parser.started(); }
  void start_header_timer();
  // The client earns time by octets of a body (CON-004).
  void earn_credit(std::size_t bytes);
  std::string_view resume_head(std::string_view octets);
  std::string_view resume_length_body(std::string_view octets);
  std::string_view resume_chunked_body(std::string_view octets);
  std::string_view resume_discard(std::string_view octets);
  void length_body_grew(std::size_t bytes);
  bool holds_chunked_body(std::string_view rest) const;
  bool owes_much() const;

  // Bodies in files.
  void begin_spool();
  std::string_view resume_spooled(std::string_view octets);
  std::string_view spool_on(std::string_view following);
  void spooled();
  void hold_for_spool();
  void release_from_spool();
  void serve_spooled();

  // Bodies that a handler reads as they arrive.
  std::string_view begin_streamed_body(const RequestHead& head, const Match& match,
                                       std::string_view rest);
  std::string_view resume_streamed(std::string_view octets);
  void earn_streamed_credit(std::size_t bytes);
  void receive_streamed(std::size_t bytes);
  void streamed_body_grew(bool complete);
  void pause_body();

  H1Session& session_;
  std::unique_ptr<IncomingMessage> message_;
};

}  // namespace pelton::http

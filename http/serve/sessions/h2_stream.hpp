// One stream of an HTTP/2 session: a request and its response, and the host of their exchange.
//
//   reading ──► taken ──► called ──► answered ──► (closed by the codec)
//
// reading: the header list arrives. taken: it is read, and a body that the handler gets whole
// arrives. called: the handler was called, and may have suspended the exchange; a body that it
// reads itself arrives. answered: the rest of the response leaves, and what arrives is discarded.
//
// The header list is put down as the head of an HTTP/1.1 request and read by the same parser, so
// that the same rules hold (H2-005), and handlers see one form of request.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/intrusive_list.hpp"
#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/h1/streamed_body.hpp"
#include "http/h2/codec.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/incoming_message.hpp"
#include "http/serve/pending_exchange.hpp"
#include "http/serve/response_sink.hpp"
#include "http/serve/sessions/h2_websocket.hpp"

namespace pelton::http {

class Connection;
class H2Session;
struct OwnAnswer;
struct Shared;

// Links a stream whose request can go on into its session's list; and one that has something to
// tell its handler.
struct ReadyNode : ListNode {};
struct NewsNode : ListNode {};

class H2Stream final : public h2::StreamListener,
                       public ExchangeHost,
                       public SuspendedHost,
                       public ResponseTaker,
                       public ReadyNode,
                       public NewsNode {
 public:
  H2Stream(H2Session& session, Connection& connection, h2::StreamId id);
  H2Stream(const H2Stream&) = delete;
  H2Stream& operator=(const H2Stream&) = delete;
  ~H2Stream() override;

  h2::StreamId id() const { return id_; }

  // --- for its session ---

  // Serves the request as far as it has arrived.
  void go_on();
  // The end of a turn: tells the handler what has happened.
  void settle();
  // Fewer octets are queued than before.
  void note_room();
  // The peer sends nothing any more.
  void peer_finished();
  // Acts on each deadline that had passed at `seen_ms`.
  void inspect(std::uint64_t seen_ms);
  std::uint64_t deadline_ms() const;
  // The connection ends, and the exchange with it.
  void drop(ExchangeEvent event, Reason reason);
  bool has_exchange() const { return pending_ != nullptr || websocket_; }

  // --- for its WebSocket ---

  // What leaves, and how much of it waits.
  Output& output() { return body_; }
  std::size_t queued_bytes() const { return body_.size() + sending_.size() - sent_bytes_; }
  // So many octets that have arrived were read: as many may follow.
  void consume(std::size_t bytes);
  // settle() is called at the end of the turn.
  void bring_news();
  void lack_memory();

  // --- h2::StreamListener ---

  h2::FieldVerdict field(std::string_view name, std::string_view value) override;
  h2::FieldVerdict trailer(std::string_view name, std::string_view value) override;
  void head_ended() override;
  void data(std::string_view octets) override;
  void message_ended() override;
  void response_sent() override;
  void closed(h2::ErrorCode code) override;
  h2::BodyPart next_part(std::size_t bytes_max) override;
  bool put_part(Output& output, std::string_view frame_head, std::size_t bytes) override;

  // --- ExchangeHost ---

  ExchangeHandle suspend(const Exchange& live, const ExchangeListener& listener) override;
  ExchangeHandle hand_over(const ExchangeListener& listener) override;
  Shared& shared() override { return shared_; }
  std::shared_ptr<const BodyFile> body_file() const override;
  std::string_view trailers() const override;
  const Endpoints& endpoints() override;
  bool is_secure() const override;
  const TlsFacts* tls() const override;
  const RequestOrigin* forwarded(const RequestHead& head) override;

  // --- ResponseTaker ---

  HeadFault begin(const ResponseHead& head, const RequestHead& request) override;
  HeadFault finish() override;
  void abandon() override;

  // --- SuspendedHost ---

  void end(Outcome outcome, std::span<const FieldView> trailers) override;
  void forsake() override;
  std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire at_limit, void* context) override;
  HeadFault hint(std::span<const std::string_view> links) override;
  HeadFault begin_stream(const ResponseHead& head) override;
  std::size_t write(std::string_view piece) override;
  bool is_backed_up() override;
  bool wants_more() const override { return written_.wants_more(); }
  // Octets of files are framed, so that they are read and written.
  bool passes_files() override { return false; }
  std::int64_t write_file(int file, std::uint64_t offset, std::size_t bytes) override;
  void await_turn() override;
  void note_truncated() override { pending_->response.truncated = true; }
  std::string_view take_body(std::size_t bytes_max) override;
  bool body_ended() const override { return pending_->body.ended(); }
  Reason body_fault() const override { return pending_->body_fault; }
  WebSocketAccepted accept_websocket(const WebSocketAccept& accept,
                                     const WebSocketListener& listener) override;

 private:
  enum class Life : std::uint8_t { reading, taken, called, answered };

  // Pseudo-header fields, in `parts_`.
  struct Pseudo {
    Span method;
    Span path;
    Span authority;
    Span protocol;
  };

  void refuse_trailers(Reason reason);
  h2::FieldVerdict pseudo_field(std::string_view name, std::string_view value);
  bool put_request_line();
  std::string_view part(Span span) const { return span.in(parts_.data()); }
  bool has_body() const { return !ended_ || body_bytes_ != 0; }

  // The request.
  void begin();
  void take_body_whole(const RequestHead& head, std::uint64_t body_bytes_max);
  void call_with_stream(const RequestHead& head, const Match& match);
  void collect(std::string_view octets);
  void begin_spool();
  void spool_on();
  void spooled();
  void serve_whole();
  void open_windows();
  void await_body();
  void earn_credit(std::size_t bytes);
  void refuse(Reason reason);
  void refuse_streamed(Reason reason);
  void release_message();

  // A WebSocket.
  bool asks_for_websocket() const { return part(pseudo_.protocol) == "websocket"; }
  void begin_websocket(const RequestHead& head);
  void note_frames();
  void end_websocket();
  // The handshake was answered by another response.
  void drop_refused_websocket() {
    if (websocket_ && !websocket_->is_accepted()) websocket_.reset();
  }

  // The response.
  void call(const Handler& handler, const RequestHead& head, std::string_view body,
            const Match& match);
  void answer(const RequestHead& head, const OwnAnswer& answer);
  void settle_answer(Exchange& exchange, Outcome outcome);
  void end_stream(Outcome outcome, std::span<const FieldView> trailers);
  void say_continue();
  void time_out();
  void release_exchange();
  void reset(h2::ErrorCode code);
  void log(const RequestHead& head, const RouteSettings* route, std::uint16_t status,
           std::uint64_t body_bytes, Reason reason);
  void drop_queued();
  void note_queued(std::size_t bytes);
  void await_client();

  H2Session& session_;
  Connection& connection_;
  Shared& shared_;
  const h2::StreamId id_;

  Life life_ = Life::reading;
  bool malformed_ = false;
  bool trailers_refused_ = false;
  bool reads_body_ = false;  // the handler reads it as it arrives
  bool ended_ = false;       // the request has arrived whole
  bool out_ended_ = false;   // the response was made whole
  bool is_reset_ = false;
  bool for_head_ = false;          // of the response that has begun
  Reason refusal_ = Reason::none;  // found while the header list is read

  // The request: its head in the form of HTTP/1.1, and the body as far as it is held here. Null
  // once the exchange has it.
  std::unique_ptr<IncomingMessage> message_;
  Output parts_;    // values of pseudo-header fields
  Output cookies_;  // joined (RFC 9113 section 8.2.3)
  Pseudo pseudo_;
  std::uint64_t list_bytes_ = 0;
  std::uint64_t field_count_ = 0;
  std::uint64_t body_bytes_ = 0;      // that have arrived
  std::uint64_t body_bytes_max_ = 0;  // once taken
  std::size_t unopened_bytes_ = 0;    // that have arrived and still narrow the windows
  std::uint64_t body_deadline_ms_ = TimerWheel::no_deadline_ms;

  PendingExchange* pending_ = nullptr;  // once suspended, until it is answered
  h1::StreamedBody written_;            // of a response in pieces: how much of it was made
  Output body_;                         // of the response
  Output sending_;                      // the octets ahead of `body_`
  std::size_t sent_bytes_ = 0;          // of `sending_`
  std::size_t noted_bytes_ = 0;         // of queued_bytes() that the session knows of
  std::uint64_t whole_body_bytes_ = 0;
  std::uint64_t send_deadline_ms_ = TimerWheel::no_deadline_ms;
  std::vector<std::pair<std::string, std::string>> trailers_;
  std::unique_ptr<H2WebSocket> websocket_;  // from its handshake to its end
  std::uint64_t began_ns_;
};

}  // namespace pelton::http

// An exchange of an HTTP/1.1 session that its handler has suspended. Until it is answered the
// handler can send a response in pieces or from a file, read the body as it arrives, or accept a
// WebSocket.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/memory/slab.hpp"
#include "http/h1/streamed_body.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/pending_exchange.hpp"

namespace pelton::http {

class Connection;
class H1Session;
struct IncomingMessage;
struct Shared;
class Transport;

// How much of a response was sent, for the access log.
struct SentResponse {
  std::uint16_t status;  // 0: no response has begun
  std::uint64_t body_bytes;
};

class H1Exchange final : public SuspendedHost {
 public:
  using Place = Slab<H1Exchange>::Place;

  // `message` already holds the octets of the live exchange, or is empty: then they are copied to
  // it.
  H1Exchange(Place place, H1Session& session, Connection& connection, const Exchange& live,
             std::unique_ptr<IncomingMessage> message, const ExchangeListener& listener);
  H1Exchange(const H1Exchange&) = delete;
  H1Exchange& operator=(const H1Exchange&) = delete;
  ~H1Exchange();

  Place place() const { return place_; }
  PendingExchange& pending() { return pending_; }
  const PendingExchange& pending() const { return pending_; }
  // It may still become a WebSocket: octets that follow the request are kept (WS-006).
  bool awaits_upgrade() const;
  SentResponse sent() const { return {pending_.response.status, body_.body_bytes()}; }

  // --- SuspendedHost ---

  void end(Outcome outcome, std::span<const FieldView> trailers) override;
  void forsake() override;
  std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire at_limit, void* context) override;
  HeadFault hint(std::span<const std::string_view> links) override;
  HeadFault begin_stream(const ResponseHead& head) override;
  std::size_t write(std::string_view piece) override;
  bool is_backed_up() override;
  bool wants_more() const override;
  bool passes_files() override;
  std::int64_t write_file(int file, std::uint64_t offset, std::size_t bytes) override;
  void await_turn() override;
  void note_truncated() override;
  std::string_view take_body(std::size_t bytes_max) override;
  bool body_ended() const override { return pending_.body.ended(); }
  Reason body_fault() const override { return pending_.body_fault; }
  WebSocketAccepted accept_websocket(const WebSocketAccept& accept,
                                     const WebSocketListener& listener) override;

 private:
  void end_stream(Outcome outcome, std::span<const FieldView> trailers);
  void send_early();
  Transport& transport();
  Output& output();

  const Place place_;
  H1Session& session_;
  Connection& connection_;
  Shared& shared_;
  PendingExchange& pending_;
  h1::StreamedBody body_;  // of the response, if it is made piece by piece
};

}  // namespace pelton::http

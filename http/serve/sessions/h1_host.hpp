// The host of an HTTP/1.1 session's exchange. While the handler is called, it tells the exchange
// about its connection; a handler that suspends the exchange is waited for here. Requests that
// follow wait too. Events reach the handler, and the next request begins, at the end of a turn:
// never within a call that the handler makes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/persistence.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/sessions/h1_exchange.hpp"

namespace pelton::http {

class H1Session;

class H1Host final : public ExchangeHost {
 public:
  explicit H1Host(H1Session& session) : session_(session) {}
  H1Host(const H1Host&) = delete;
  H1Host& operator=(const H1Host&) = delete;

  // --- for the session and its reader ---

  // The handler that is called next reads the body itself.
  void note_body_follows(bool follows) { body_follows_ = follows; }
  // An exchange is suspended, and not answered yet.
  bool has_exchange() const { return exchange_ != nullptr; }
  PendingExchange& pending() { return exchange_->pending(); }
  // The exchange may become a WebSocket.
  bool awaits_upgrade() const { return exchange_ != nullptr && exchange_->awaits_upgrade(); }
  // The response will end the connection.
  bool ends_after_response() const;
  void end_after_response();
  // Once it is answered: how the connection goes on after it, or why it is cut.
  Persistence persistence_after() const { return persistence_after_; }
  Reason cut_after() const { return cut_after_; }
  // Fewer octets are queued than before: the handler that waits for room is called at the end of
  // the turn.
  void note_room();
  // The peer's FIN has come.
  void note_peer_finished();
  // The end of a turn: the handler learns what has happened.
  void settle();
  std::uint64_t deadline_ms() const;
  // Answers 504 if the handler has not answered by its deadline.
  void inspect(std::uint64_t seen_ms);
  // Ends the exchange, if there is one, because the connection ends.
  void drop(ExchangeEvent event, Reason reason);

  // --- for the suspended exchange ---

  // The answer is written: the exchange ends, and the connection goes on when it is settled. With a
  // reason to cut, the answer is incomplete and the connection is cut instead.
  void answered(Persistence persistence, Reason cut = Reason::none);
  // Ends the exchange without an answer, or with an answer of which only a part was sent.
  void forget(Reason reason);

  // --- ExchangeHost ---

  ExchangeHandle suspend(const Exchange& live, const ExchangeListener& listener) override;
  ExchangeHandle hand_over(const ExchangeListener& listener) override;
  Shared& shared() override;
  std::shared_ptr<const BodyFile> body_file() const override;
  std::string_view trailers() const override;
  const Endpoints& endpoints() override;
  bool is_secure() const override;
  const TlsFacts* tls() const override;
  const RequestOrigin* forwarded(const RequestHead& head) override;

 private:
  // The message that the handler which runs now reads from, or an empty one to copy it to.
  std::unique_ptr<IncomingMessage> take_served_message();
  void time_out();
  void release_exchange();

  H1Session& session_;
  H1Exchange* exchange_ = nullptr;
  Persistence persistence_after_{};
  Reason cut_after_ = Reason::none;
  bool body_follows_ = false;  // in a handler's call
};

}  // namespace pelton::http

#include "tests/http/serve/relay.hpp"

#include <string>

#include "core/check.hpp"

namespace pelton::http {
namespace {

class Relay {
 public:
  explicit Relay(Exchange& exchange)
      : early_(exchange.path_values()[0].text == "early"),
        handle_(exchange.suspend({.call = hear, .context = this})) {
    if (early_) begin({});
    go_on();
  }

 private:
  static void hear(void* context, ExchangeEvent event, Exchange&) {
    Relay* const relay = static_cast<Relay*>(context);
    switch (event) {
      case ExchangeEvent::peer_finished:
        return;
      case ExchangeEvent::body_arrived:
      case ExchangeEvent::writable:
        return relay->go_on();
      case ExchangeEvent::peer_lost:
      case ExchangeEvent::cancelled:
      case ExchangeEvent::body_refused:
        CHECK(relay->handle_.get() == nullptr);
        delete relay;
    }
  }

  void begin(std::span<const FieldView> fields) {
    CHECK(handle_.get()->begin_stream({.fields = fields}) == HeadFault::none);
    begun_ = true;
  }

  void go_on() {
    Exchange& exchange = *handle_.get();
    while (send()) {
      const std::string_view octets = exchange.take_body();
      if (octets.empty()) break;
      waiting_ += octets;
    }
    if (!exchange.body_ended()) return;
    if (!begun_) {
      const std::string length = std::to_string(waiting_.size());
      const FieldView field{"Content-Length", length};
      begin({&field, 1});
    }
    if (!send()) return;
    exchange.end(Outcome::responded);
    delete this;
  }

  // True if nothing is left that could be sent now.
  bool send() {
    if (begun_ && !waiting_.empty()) waiting_.erase(0, handle_.get()->write(waiting_));
    return !begun_ || waiting_.empty();
  }

  const bool early_;
  bool begun_ = false;
  std::string waiting_;
  const ExchangeHandle handle_;
};

}  // namespace

Outcome relay(void*, Exchange& exchange) {
  new Relay(exchange);  // ends itself
  return Outcome::pending;
}

}  // namespace pelton::http

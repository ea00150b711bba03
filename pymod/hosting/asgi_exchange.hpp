// One request to an ASGI application and its answer: what `receive` and `send` of its call do.
#pragma once

#include <Python.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "http/serve/exchange.hpp"
#include "pymod/bridge/hosted_call.hpp"
#include "pymod/hosting/asgi_application.hpp"
#include "pymod/hosting/asgi_awaitable.hpp"
#include "pymod/hosting/asgi_fields.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class AsgiExchange final : public HostedCall, public AsgiConversation {
 public:
  AsgiExchange(PyObject* object, AsgiApplication& host, RequestLoan& loan, OwnedRef scope);
  AsgiExchange(const AsgiExchange&) = delete;
  AsgiExchange& operator=(const AsgiExchange&) = delete;

  // Awaitables; null with an error set.
  PyObject* receive();
  PyObject* send(PyObject* event);
  // The handler's call is over: without a driver so is the exchange.
  void end_call() { loan_ = nullptr; }

  PyObject* object() const override { return object_; }
  // --- the awaitables ---
  OwnedRef take_event() override;
  int go_on_sending(OwnedRef& piece, bool is_last) override;
  PyObject* new_waiter() override;
  // --- the driver ---
  void set_driver(Driver* driver) override { driver_ = driver; }
  bool is_answered() const override { return phase_ == Phase::complete; }
  void note_news() override;
  OwnedRef conclude(StepEnd& end) override;
  http::Outcome outcome() const override {
    return is_answered() ? http::Outcome::responded : http::Outcome::failed;
  }

  int traverse(visitproc visit, void* arg) const;
  void clear();

 private:
  enum class Phase : std::uint8_t {
    start,  // nothing has been sent
    head,   // the head is known; it leaves with the first octets of the body
    streaming,
    ending,  // the last piece is known; the connection has not taken all of it
    complete,
  };

  http::Exchange* exchange() const;
  Driver* need_driver();
  bool is_gone() const { return phase_ != Phase::complete && exchange() == nullptr; }
  bool start(PyObject* event);
  // 1: sent; 0: `piece` waits, if it is not null, or the connection has no room; -1.
  int body(PyObject* event, OwnedRef& piece, bool& is_last);
  bool respond(BorrowedRef piece);
  bool begin_stream();
  bool count_length(std::size_t bytes, bool is_last);
  void complete();
  void explain(const StepEnd& end);
  OwnedRef request_event(OwnedRef body, bool more) const;
  OwnedRef disconnect_event() const;

  PyObject* const object_;
  AsgiApplication& host_;
  OwnedRef application_object_;  // keeps the host
  RequestLoan* loan_;            // null once the handler's call is over
  Driver* driver_ = nullptr;     // from when the application waits, or streams
  OwnedRef scope_;               // for the log
  AsgiFields fields_;
  std::optional<std::uint64_t> left_bytes_;  // of the declared length
  std::vector<OwnedRef> waiters_;            // futures
  std::uint16_t status_ = 0;
  Phase phase_ = Phase::start;
  bool is_head_;
  bool has_body_;
  bool body_given_ = false;
};

// A new reference, or null with an error set.
PyTypeObject* make_asgi_exchange_type();
// One for a call, and the functions that the call gets; null with an error set.
struct AsgiCall {
  OwnedRef object;
  AsgiExchange* exchange = nullptr;
  OwnedRef receive;
  OwnedRef send;
};
bool make_asgi_call(PyTypeObject* type, AsgiApplication& host, RequestLoan& loan, OwnedRef scope,
                    AsgiCall& made);

}  // namespace pelton::py

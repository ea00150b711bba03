// One request to an ASGI application and its answer: what `receive` and `send` of its call do.
#pragma once

#include <Python.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "http/serve/exchange.hpp"
#include "http/serve/files/file_root.hpp"
#include "pymod/bridge/hosted_call.hpp"
#include "pymod/hosting/asgi_application.hpp"
#include "pymod/hosting/asgi_awaitable.hpp"
#include "pymod/hosting/asgi_fields.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct FileEnd;

class AsgiExchange : public HostedCall, public AsgiConversation {
 public:
  static constexpr const char* type_name = "pelton._native.AsgiExchange";

  AsgiExchange(PyObject* object, AsgiApplication& host, RequestLoan& loan, OwnedRef scope);
  AsgiExchange(const AsgiExchange&) = delete;
  AsgiExchange& operator=(const AsgiExchange&) = delete;
  virtual ~AsgiExchange() = default;

  // Awaitables; null with an error set.
  PyObject* receive();
  PyObject* send(PyObject* event);
  // The handler's call is over: without a driver the exchange is too.
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

  virtual int traverse(visitproc visit, void* arg) const;
  virtual void clear();

 protected:
  enum class Phase : std::uint8_t {
    start,  // nothing has been sent
    head,   // the head is known; it leaves with the first octets of the body
    streaming,
    ending,    // the last piece is known; the connection has not taken all of it
    file,      // the body is a file, which the file sender sends
    trailers,  // the connection has taken all of the body; trailers follow
    complete,
  };

  // --- reading events ---
  // Whether an event has this type.
  static bool is(PyObject* type, const OwnedRef& name);
  // A value of an event; null if it is missing or None, or with an error set.
  static OwnedRef value_of(PyObject* event, const OwnedRef& key);
  // Whether a value of an event is true; it is not if it is missing. -1 with an error set.
  static int is_set(PyObject* event, const OwnedRef& key);
  // As bytes; null with TypeError set, which names `what`.
  static OwnedRef octets_of(PyObject* given, const char* what);

  // Sets OSError; returns false.
  static bool raise_gone();
  // Whether an application raises this because its client has left or its task is cancelled.
  static bool is_of_lost_client(BorrowedRef exception);

  http::Exchange* exchange() const;
  // Null with an error set.
  Driver* need_driver();
  bool is_gone() const { return phase_ != Phase::complete && exchange() == nullptr; }
  // Awaitables; null with an error set.
  virtual PyObject* send(PyObject* event, PyObject* type);
  PyObject* send_start(PyObject* event);
  PyObject* send_body(PyObject* event);
  PyObject* send_trailers(PyObject* event);
  PyObject* send_hints(PyObject* event);
  PyObject* send_path(PyObject* event);
  // A whole response without fields and body; false with an error set.
  bool respond(std::uint16_t status);
  // What the application should have sent before it returned, as a sentence; null with an error
  // set.
  virtual PyObject* missing_event() const;
  // Lets go of what only a running application needs.
  void forget();

  AsgiApplication& host() const { return host_; }
  Driver* driver() const { return driver_; }
  BorrowedRef scope() const { return scope_; }
  AsgiFields& fields() { return fields_; }
  Phase phase() const { return phase_; }
  // The response is one that denies a WebSocket: its events have names of their own, and no
  // trailers follow it.
  void be_denial() {
    prefix_ = "websocket.";
    may_trail_ = false;
  }

 private:
  bool start(PyObject* event);
  // 1: sent; 0: `piece` waits, if it is not null, or the connection has no room; -1.
  int body(PyObject* event, OwnedRef& piece, bool& is_last);
  bool respond(BorrowedRef piece);
  bool begin_stream();
  bool count_length(std::size_t bytes, bool is_last);
  // The connection has taken all of the body.
  void end_body();
  // 1: the response is complete, or more trailers follow; 0: the body has not left yet; -1.
  int take_trailers(PyObject* event);
  void complete();
  bool begin_file(PyObject* event);
  void end_file(const FileEnd& end);
  // Sets OSError: the file cannot be sent.
  void raise_file_fault();
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
  AsgiFields trailers_;
  std::optional<std::uint64_t> left_bytes_;             // of the declared length
  std::vector<OwnedRef> waiters_;                       // futures
  OwnedRef file_path_;                                  // str
  http::OpenFault file_fault_ = http::OpenFault::none;  // not raised yet
  std::uint16_t status_ = 0;
  Phase phase_ = Phase::start;
  const char* prefix_ = "";  // of the names of a response's events
  bool may_trail_ = true;
  bool is_head_;
  bool has_body_;
  bool body_given_ = false;
  bool awaits_trailers_ = false;
};

}  // namespace pelton::py

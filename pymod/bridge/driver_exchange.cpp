// The half of a driver that faces the exchange: a response in pieces, a body as it arrives, and the
// client that may leave.
#include <array>
#include <utility>
#include <vector>

#include "http/message/field_rules.hpp"
#include "http/message/refusal.hpp"
#include "pymod/bridge/driver.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/bridge/loop_future.hpp"
#include "pymod/bridge/websocket_object.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/request_object.hpp"
#include "pymod/hotpath/response_fields.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

using http::Exchange;
using http::ExchangeEvent;
using http::Outcome;

namespace {

constexpr std::size_t index_of(auto what) {
  return static_cast<std::size_t>(what);
}

constexpr const char* over = "the exchange is over";

PyObject* raise_over() {
  PyErr_SetString(PyExc_RuntimeError, over);
  return nullptr;
}

}  // namespace

void Driver::suspend() {
  if (loan_ == nullptr) return;
  suspended_ = true;
  RequestLoan& loan = *std::exchange(loan_, nullptr);
  if (RequestObject* const request = loan.keep()) {
    request_ = OwnedRef(reinterpret_cast<PyObject*>(request));
    request->driver = object_;
  }
  handle_ = loan.exchange().suspend({.call = &Driver::hear, .context = this});
  Py_INCREF(object_);
  waiting_ = true;
  ++route_.application->coroutines_waiting;
}

void Driver::leave_answered() {
  answered_ = true;
  outcome_ = Outcome::responded;
  loan_ = nullptr;
}

// --- a response in pieces ---

bool Driver::begin_pieces(const http::ResponseHead& head) {
  Exchange* const exchange = this->exchange();
  if (exchange == nullptr || loan_ != nullptr || streams_) return raise_over() != nullptr;
  if (!raise_fault(exchange->begin_stream(head), head.status)) return false;
  streams_ = true;
  return true;
}

bool Driver::begin_stream(PyObject* status_object, PyObject* fields) {
  long status = PyLong_AsLong(status_object);
  if (status == -1 && PyErr_Occurred() != nullptr) return false;
  const OwnedRef phrase = phrase_of(status_object);
  Exchange* const exchange = this->exchange();
  if (gone_) return disconnect_error() != nullptr;
  if (exchange == nullptr) return raise_over() != nullptr;
  FieldList list(route_.application->hot.names, *exchange);
  if (!list.read(fields)) return false;
  if (status < 0 || status > 999) status = 999;
  const http::ResponseHead head{.status = static_cast<std::uint16_t>(status),
                                .fields = list.views(),
                                .phrase = phrase_view(phrase)};
  if (!begin_pieces(head)) return false;
  bool is_events = false;
  for (const http::FieldView& field : list.views()) {
    is_events |= http::is_same_name(field.name, "content-type") &&
                 field.value.starts_with("text/event-stream");
  }
  produce(is_events);
  return true;
}

void Driver::produce(bool is_events) {
  // A handler that begins a stream after a cancellation can be cancelled again.
  if (!std::exchange(produces_, true)) cancelled_ = false;
  leaves_with_peer_ |= is_events;
  if (leaves_with_peer_ && peer_finished_) leave();
}

bool Driver::gone() {
  Exchange* const exchange = this->exchange();
  if (gone_ || exchange == nullptr) return true;
  return streams_ ? !exchange->wants_more() : exchange->request().method == http::Method::head;
}

// False if octets are left or the connection is backed up.
bool Driver::offer_rest() {
  Exchange* const exchange = this->exchange();
  if (exchange == nullptr) return true;
  if (rest_) {
    const std::string_view left = bytes_view(rest_.get()).substr(rest_at_);
    const std::size_t taken = exchange->write(left);
    rest_at_ += taken;
    if (taken < left.size()) return false;
    rest_ = OwnedRef();
  }
  return !exchange->is_backed_up();
}

int Driver::write(PyObject* data) {
  Exchange* const exchange = this->exchange();
  if (!PyBytes_Check(data)) {
    PyErr_Format(PyExc_TypeError, "a stream is made of bytes, not %s", Py_TYPE(data)->tp_name);
    return -1;
  }
  if (gone_ || exchange == nullptr || !streams_) return 1;
  if (rest_) {
    PyErr_SetString(PyExc_RuntimeError, "the connection is full; await writable() first");
    return -1;
  }
  rest_ = OwnedRef::share(data);
  rest_at_ = 0;
  return offer_rest() ? 1 : 0;
}

void Driver::end_stream(bool whole, std::span<const http::FieldView> trailers) {
  // If the connection has not taken the last item in full, the stream is not whole.
  finish(whole && !rest_ ? Outcome::responded : Outcome::failed, trailers);
}

bool Driver::end_with(PyObject* trailers) {
  Exchange* const exchange = this->exchange();
  if (trailers == nullptr || exchange == nullptr) {
    end_stream(true);
    return true;
  }
  FieldList list(route_.application->hot.names, *exchange);
  if (!list.read(trailers)) return false;
  end_stream(true, list.views());
  return true;
}

PyObject* Driver::wait_for_room() {
  if (gone_ || exchange() == nullptr) return disconnect_error();
  return wait_for(Waits::room);
}

// --- the body ---

PyObject* Driver::read_body(std::size_t bytes_max) {
  suspend();
  Exchange* const exchange = this->exchange();
  if (exchange == nullptr) {
    return gone_ || body_fault_ != Reason::none ? disconnect_error() : raise_over();
  }
  const std::string_view octets = exchange->take_body(bytes_max);
  const bool ended = exchange->body_ended();
  if (octets.empty() && !ended) Py_RETURN_NONE;
  if (ended && !exchange->trailers().empty()) {
    PyObject* const request = loan_ != nullptr ? loan_->get() : request_.get();
    if (request == nullptr ||
        !keep_trailers(*reinterpret_cast<RequestObject*>(request), *exchange)) {
      return nullptr;
    }
  }
  return octets_object(octets);
}

PyObject* Driver::wait_for_body() {
  if (exchange() == nullptr) return disconnect_error();
  return wait_for(Waits::body);
}

// --- a WebSocket ---

PyObject* Driver::accept_websocket(std::string_view subprotocol, PyObject* fields,
                                   long long message_bytes_max) {
  suspend();
  Exchange* const exchange = this->exchange();
  if (exchange == nullptr || answered_) return disconnect_error();
  ApplicationState& application = *route_.application;
  FieldList list(application.hot.names, *exchange);
  if (!list.read(fields)) return nullptr;
  http::WebSocketAccept accept{.subprotocol = subprotocol, .fields = list.views()};
  if (message_bytes_max >= 0) {
    accept.message_bytes_max = static_cast<std::uint64_t>(message_bytes_max);
  }
  return accept_websocket(accept).release();
}

OwnedRef Driver::accept_websocket(const http::WebSocketAccept& accept) {
  ApplicationState& application = *route_.application;
  OwnedRef end(new_websocket(application.hot.websocket_type(), application));
  if (!end) return end;
  WebSocketEnd& socket = websocket_in(end.get());
  const http::WebSocketAccepted accepted = exchange()->accept_websocket(accept, socket.listener());
  if (accepted.fault != http::AcceptFault::none) {
    Py_DECREF(end.get());  // the listener's
    PyErr_SetString(PyExc_ValueError, accepted.fault == http::AcceptFault::header
                                          ? "a field of the handshake has a bad name or value"
                                          : "the client did not offer this subprotocol");
    return OwnedRef();
  }
  socket.begin(accepted);
  answered_ = true;
  part();
  return end;
}

// --- waiting ---

PyObject* Driver::wait_for_disconnect() {
  PyObject* const future = wait_for(Waits::disconnect);
  if (future != nullptr && peer_finished_) wake(Waits::disconnect);
  return future;
}

PyObject* Driver::wait_for(Waits what) {
  OwnedRef& waiter = waiters_[index_of(what)];
  const OwnedRef done(waiter ? PyObject_CallMethod(waiter.get(), "done", nullptr)
                             : Py_NewRef(Py_True));
  if (!done) return nullptr;
  if (done.get() == Py_True) {
    waiter = OwnedRef(new_loop_future(*route_.application, over));
  }
  return waiter ? Py_NewRef(waiter.get()) : nullptr;
}

void Driver::wake(Waits what) {
  if (hosted_ != nullptr) hosted_->note_news();
  const OwnedRef waiter = std::move(waiters_[index_of(what)]);
  if (!waiter) return;
  const OwnedRef done(PyObject_CallMethod(waiter.get(), "done", nullptr));
  const OwnedRef set(done.get() == Py_False
                         ? PyObject_CallMethod(waiter.get(), "set_result", "O", Py_None)
                         : Py_NewRef(Py_None));
  if (!set) PyErr_WriteUnraisable(object_);
}

void Driver::fail(Waits what) {
  if (hosted_ != nullptr) hosted_->note_news();
  const OwnedRef waiter = std::move(waiters_[index_of(what)]);
  if (!waiter) return;
  const OwnedRef done(PyObject_CallMethod(waiter.get(), "done", nullptr));
  if (done.get() != Py_False) return;
  disconnect_error();
  const OwnedRef error(take_exception());
  const OwnedRef set(PyObject_CallMethod(waiter.get(), "set_exception", "O", error.get()));
  if (!set) PyErr_WriteUnraisable(object_);
}

// Sets the error for a handler whose client is gone or whose request's body was refused. Returns
// null.
PyObject* Driver::disconnect_error() const {
  const int status = body_fault_ == Reason::none ? 0 : http::refusal_status(body_fault_);
  const OwnedRef error(
      PyObject_CallFunction(route_.application->hooks.disconnect_error.get(), "i", status));
  if (error) raise(error);
  return nullptr;
}

// --- events ---

void Driver::hear(void* context, ExchangeEvent event, Exchange& exchange) {
  static_cast<Driver*>(context)->heard(event, exchange);
}

void Driver::heard(ExchangeEvent event, Exchange& exchange) {
  const OwnedRef held = OwnedRef::share(object_);
  switch (event) {
    case ExchangeEvent::writable:
      if (offer_rest()) wake(Waits::room);
      return;
    case ExchangeEvent::body_arrived:
      wake(Waits::body);
      return;
    case ExchangeEvent::peer_finished:
      peer_finished_ = true;
      wake(Waits::disconnect);
      if (leaves_with_peer_ || plan_->cancel_on_disconnect) leave();
      return;
    case ExchangeEvent::body_refused:
      body_fault_ = exchange.body_fault();
      break;
    case ExchangeEvent::peer_lost:
      peer_finished_ = true;
      if (produces_ || route_.plan.cancel_on_disconnect) leave();
      break;
    case ExchangeEvent::cancelled:
      cancel();
      break;
  }
  // The exchange is over: whatever the handler produces from now on is dropped.
  gone_ = true;
  fail(Waits::room);
  fail(Waits::body);
  outlive(exchange);
  part();
}

void Driver::leave() {
  if (!cancelled_) cancel();
}

void Driver::stop() {
  // A handler that still cleans up holds the CancelledError; a handler that has continued as if
  // nothing had happened has released it.
  const bool went_on = cancellation_ && !OwnedRef(referent(cancellation_.get()));
  if (!cancelled_ || went_on) cancel();
}

void Driver::cancel() {
  if (!task_) return;
  cancelled_ = true;
  cancellation_ = OwnedRef();
  const OwnedRef cancelled(PyObject_CallMethod(task_.get(), "cancel", nullptr));
  if (!cancelled) PyErr_WriteUnraisable(task_.get());
}

}  // namespace pelton::py

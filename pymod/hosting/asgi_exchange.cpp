#include "pymod/hosting/asgi_exchange.hpp"

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

#include "pymod/bridge/driver.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/bridge/loop_future.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/response_fields.hpp"
#include "pymod/hotpath/text.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

using http::Exchange;

namespace {

bool raise_gone() {
  PyErr_SetString(PyExc_OSError, "the client has left");
  return false;
}

bool is(PyObject* text, const OwnedRef& name) {
  return text == name.get() || (PyUnicode_Check(text) && PyUnicode_Compare(text, name.get()) == 0);
}

// Whether the exception, or one that it came from, is an OSError: what send() raises where the
// client has left, and what applications make of it.
bool stems_from_os_error(BorrowedRef exception) {
  constexpr int depth_max = 16;
  OwnedRef at = OwnedRef::share(exception);
  for (int depth = 0; at && depth < depth_max; ++depth) {
    if (PyErr_GivenExceptionMatches(at.get(), PyExc_OSError) != 0) return true;
    OwnedRef before(PyException_GetCause(at.get()));
    if (!before) before = OwnedRef(PyException_GetContext(at.get()));
    at = std::move(before);
  }
  return false;
}

// What is to be sent, as bytes; null with TypeError set.
OwnedRef octets_of(PyObject* given, const Interned& interned) {
  if (given == nullptr) return OwnedRef::share(interned.empty_bytes);
  if (PyBytes_Check(given)) return OwnedRef::share(given);
  if (PyObject_CheckBuffer(given) != 0) return OwnedRef(PyBytes_FromObject(given));
  PyErr_Format(PyExc_TypeError, "the body of http.response.body is bytes, not %.100s",
               Py_TYPE(given)->tp_name);
  return OwnedRef();
}

}  // namespace

AsgiExchange::AsgiExchange(PyObject* object, AsgiApplication& host, RequestLoan& loan,
                           OwnedRef scope)
    : object_(object),
      host_(host),
      application_object_(OwnedRef::share(host.state().object)),
      loan_(&loan),
      scope_(std::move(scope)) {
  const http::RequestHead& head = loan.exchange().request();
  is_head_ = head.method == http::Method::head;
  has_body_ = head.framing == http::BodyFraming::chunked || head.content_length != 0;
}

Exchange* AsgiExchange::exchange() const {
  if (driver_ != nullptr) return driver_->exchange();
  return loan_ != nullptr ? &loan_->exchange() : nullptr;
}

// Null with an error set.
Driver* AsgiExchange::need_driver() {
  if (driver_ != nullptr) return driver_;
  LoopObject* const loop = host_.state().loop;
  if (loan_ == nullptr || loop == nullptr || loop->untasked == nullptr) {
    raise_gone();
    return nullptr;
  }
  return loop->untasked->become_task() ? driver_ : nullptr;
}

// --- receive ---

PyObject* AsgiExchange::receive() {
  return new_asgi_receive(host_.awaitable_type(), *this);
}

OwnedRef AsgiExchange::take_event() {
  if (is_answered() || is_gone()) return disconnect_event();
  if (!has_body_ && !std::exchange(body_given_, true)) {
    return request_event(OwnedRef::share(host_.state().hot.names.empty_bytes), false);
  }
  Driver* const driver = need_driver();
  if (driver == nullptr) return OwnedRef();
  if (body_given_) return driver->disconnected() ? disconnect_event() : OwnedRef();
  OwnedRef piece(driver->read_body());
  if (piece.get() == Py_None) return OwnedRef();
  if (!piece) return OwnedRef();
  const Exchange* const exchange = this->exchange();
  body_given_ = exchange == nullptr || exchange->body_ended();
  return request_event(std::move(piece), !body_given_);
}

OwnedRef AsgiExchange::request_event(OwnedRef body, bool more) const {
  const AsgiNames& names = host_.names();
  OwnedRef event(PyDict_New());
  const bool is_made =
      event && PyDict_SetItem(event.get(), names.type.get(), names.http_request.get()) == 0 &&
      PyDict_SetItem(event.get(), names.body.get(), body.get()) == 0 &&
      PyDict_SetItem(event.get(), names.more_body.get(), more ? Py_True : Py_False) == 0;
  return is_made ? std::move(event) : OwnedRef();
}

OwnedRef AsgiExchange::disconnect_event() const {
  const AsgiNames& names = host_.names();
  OwnedRef event(PyDict_New());
  const bool is_made =
      event && PyDict_SetItem(event.get(), names.type.get(), names.http_disconnect.get()) == 0;
  return is_made ? std::move(event) : OwnedRef();
}

// --- send ---

PyObject* AsgiExchange::send(PyObject* event) {
  const AsgiNames& names = host_.names();
  if (!PyDict_Check(event)) {
    PyErr_Format(PyExc_TypeError, "send() takes an event, which is a dict, not %.100s",
                 Py_TYPE(event)->tp_name);
    return nullptr;
  }
  PyObject* const type = PyDict_GetItemWithError(event, names.type.get());
  if (type == nullptr) {
    if (PyErr_Occurred() == nullptr) PyErr_SetString(PyExc_ValueError, "an event has a type");
    return nullptr;
  }
  if (is_gone()) return raise_gone(), nullptr;
  if (is(type, names.http_response_start)) {
    return start(event) ? Py_NewRef(host_.done()) : nullptr;
  }
  if (!is(type, names.http_response_body)) {
    PyErr_Format(PyExc_RuntimeError, "an HTTP response has no event %R", type);
    return nullptr;
  }
  OwnedRef piece;
  bool is_last = false;
  const int sent = body(event, piece, is_last);
  if (sent < 0) return nullptr;
  if (sent > 0) return Py_NewRef(host_.done());
  return new_asgi_send(host_.awaitable_type(), *this, std::move(piece), is_last);
}

bool AsgiExchange::start(PyObject* event) {
  const AsgiNames& names = host_.names();
  if (phase_ != Phase::start) {
    PyErr_SetString(PyExc_RuntimeError, "http.response.start was sent twice");
    return false;
  }
  PyObject* const status = PyDict_GetItemWithError(event, names.status.get());
  if (status == nullptr || !PyLong_Check(status)) {
    if (PyErr_Occurred() != nullptr) return false;
    PyErr_Format(PyExc_TypeError, "the status of http.response.start is an int, not %.100s",
                 status == nullptr ? "missing" : Py_TYPE(status)->tp_name);
    return false;
  }
  const long number = PyLong_AsLong(status);
  if (number == -1 && PyErr_Occurred() != nullptr) PyErr_Clear();
  if (number < 200 || number > 599) {
    PyErr_Format(PyExc_ValueError, "the status of http.response.start is 200 to 599, not %R",
                 status);
    return false;
  }
  PyObject* const headers = PyDict_GetItemWithError(event, names.headers.get());
  if (headers == nullptr && PyErr_Occurred() != nullptr) return false;
  if (!fields_.read(headers, "http.response.start")) return false;
  status_ = static_cast<std::uint16_t>(number);
  const bool has_no_body = is_head_ || status_ == 204 || status_ == 205 || status_ == 304;
  if (!has_no_body) left_bytes_ = fields_.content_length();
  phase_ = Phase::head;
  return true;
}

int AsgiExchange::body(PyObject* event, OwnedRef& piece, bool& is_last) {
  const AsgiNames& names = host_.names();
  if (phase_ == Phase::start) {
    PyErr_SetString(PyExc_RuntimeError, "http.response.body was sent before http.response.start");
    return -1;
  }
  if (phase_ == Phase::ending || phase_ == Phase::complete) {
    PyErr_SetString(PyExc_RuntimeError,
                    "http.response.body was sent although the response was complete");
    return -1;
  }
  PyObject* const given = PyDict_GetItemWithError(event, names.body.get());
  PyObject* const more = given == nullptr && PyErr_Occurred() != nullptr
                             ? nullptr
                             : PyDict_GetItemWithError(event, names.more_body.get());
  if (PyErr_Occurred() != nullptr) return -1;
  const int goes_on = more == nullptr ? 0 : PyObject_IsTrue(more);
  if (goes_on < 0) return -1;
  is_last = goes_on == 0;
  piece = octets_of(given, host_.state().hot.names);
  if (!piece) return -1;
  if (!count_length(static_cast<std::size_t>(PyBytes_GET_SIZE(piece.get())), is_last)) return -1;
  if (phase_ == Phase::head) {
    if (is_last) return respond(piece) ? 1 : -1;
    if (!begin_stream()) return -1;
  }
  return go_on_sending(piece, is_last);
}

// False with RuntimeError set where the body is not as long as the head says.
bool AsgiExchange::count_length(std::size_t bytes, bool is_last) {
  if (!left_bytes_) return true;
  if (bytes > *left_bytes_) {
    PyErr_Format(PyExc_RuntimeError,
                 "the body of the response is longer than its Content-Length, by %zu bytes or more",
                 static_cast<std::size_t>(bytes - *left_bytes_));
    return false;
  }
  if (is_last && bytes < *left_bytes_) {
    PyErr_Format(PyExc_RuntimeError,
                 "the body of the response is shorter than its Content-Length, by %zu bytes",
                 static_cast<std::size_t>(*left_bytes_ - bytes));
    return false;
  }
  *left_bytes_ -= bytes;
  return true;
}

// The whole response in one.
bool AsgiExchange::respond(BorrowedRef piece) {
  const AsgiFields::Views views(fields_);
  const http::ResponseHead head{.status = status_, .fields = views.all()};
  if (!raise_fault(exchange()->respond(head, bytes_view(piece.get())), status_)) return false;
  complete();
  return true;
}

bool AsgiExchange::begin_stream() {
  Driver* const driver = need_driver();
  if (driver == nullptr) return false;
  driver->suspend();
  const AsgiFields::Views views(fields_);
  if (!driver->begin_pieces({.status = status_, .fields = views.all()})) return false;
  phase_ = Phase::streaming;
  return true;
}

int AsgiExchange::go_on_sending(OwnedRef& piece, bool is_last) {
  if (is_answered()) return 1;
  if (is_gone() || driver_ == nullptr) return raise_gone() ? 1 : -1;
  if (piece) {
    // Another piece may be on its way, from a send() that nobody has awaited yet.
    if (driver_->has_rest() && !driver_->has_room() && driver_->has_rest()) return 0;
    if (PyBytes_GET_SIZE(piece.get()) != 0 && driver_->write(piece.get()) < 0) return -1;
    piece = OwnedRef();
    if (is_last) phase_ = Phase::ending;
  }
  if (phase_ != Phase::ending) return driver_->has_room() ? 1 : 0;
  if (driver_->has_rest() && !driver_->has_room() && driver_->has_rest()) return 0;
  complete();
  return 1;
}

void AsgiExchange::complete() {
  phase_ = Phase::complete;
  fields_.clear();
  if (driver_ != nullptr && driver_->suspended()) driver_->end_stream(true);
  note_news();
}

// --- who waits ---

PyObject* AsgiExchange::new_waiter() {
  std::erase_if(waiters_, [](const OwnedRef& waiter) {
    const OwnedRef done(PyObject_CallMethod(waiter.get(), "done", nullptr));
    if (!done) PyErr_Clear();
    return done.get() != Py_False;
  });
  OwnedRef made(new_loop_future(host_.state(), "the server of this request is gone"));
  if (!made) return nullptr;
  waiters_.push_back(OwnedRef::share(made));
  return made.release();
}

void AsgiExchange::note_news() {
  for (const OwnedRef& waiter : std::exchange(waiters_, {})) {
    const OwnedRef done(PyObject_CallMethod(waiter.get(), "done", nullptr));
    const OwnedRef set(done.get() == Py_False
                           ? PyObject_CallMethod(waiter.get(), "set_result", "O", Py_None)
                           : Py_NewRef(Py_None));
    if (!set) PyErr_WriteUnraisable(object_);
  }
}

// --- the end of the application's call ---

OwnedRef AsgiExchange::conclude(StepEnd& end) {
  if (phase_ == Phase::ending && end.kind == PYGEN_RETURN && !is_gone()) {
    return OwnedRef(new_asgi_send(host_.awaitable_type(), *this, OwnedRef(), true));
  }
  explain(end);
  scope_ = OwnedRef();
  fields_.clear();
  return OwnedRef();
}

// Reports what the client was not told, or told by a 500 or a cut alone.
void AsgiExchange::explain(const StepEnd& end) {
  const bool is_gone = this->is_gone();
  if (end.kind == PYGEN_ERROR) {
    const bool is_expected = is_gone && (is_cancelled(end.value) || stems_from_os_error(end.value));
    if (!is_expected) host_.log(scope_, end.value);
    return;
  }
  if (is_gone || is_answered()) return;
  const OwnedRef fault(PyObject_CallFunction(
      PyExc_RuntimeError, "s",
      phase_ == Phase::start  ? "the application returned without sending http.response.start"
      : phase_ == Phase::head ? "the application returned without sending http.response.body"
                              : "the application returned before its response was complete: no "
                                "http.response.body came without more_body"));
  if (fault) return host_.log(scope_, fault);
  PyErr_WriteUnraisable(object_);
}

int AsgiExchange::traverse(visitproc visit, void* arg) const {
  Py_VISIT(application_object_.get());
  Py_VISIT(scope_.get());
  for (const OwnedRef& waiter : waiters_) Py_VISIT(waiter.get());
  return fields_.traverse(visit, arg);
}

void AsgiExchange::clear() {
  scope_ = OwnedRef();
  waiters_.clear();
}

// --- the type ---

namespace {

struct AsgiExchangeObject {
  PyObject_HEAD AsgiExchange exchange;
};

AsgiExchange& of(PyObject* self) {
  return reinterpret_cast<AsgiExchangeObject*>(self)->exchange;
}

PyObject* receive(PyObject* self, PyObject*) {
  return of(self).receive();
}

PyObject* send(PyObject* self, PyObject* event) {
  const OwnedRef held = OwnedRef::share(self);
  return of(self).send(event);
}

PyMethodDef receive_method = {"receive", receive, METH_NOARGS,
                              PyDoc_STR("An awaitable of the next event.")};
PyMethodDef send_method = {"send", send, METH_O, PyDoc_STR("Sends an event; an awaitable.")};

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyTypeObject* const type = Py_TYPE(self);
  of(self).~AsgiExchange();
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  return of(self).traverse(visit, arg);
}

int clear(PyObject* self) {
  of(self).clear();
  return 0;
}

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("A request to an ASGI application.")},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.AsgiExchange",
    .basicsize = sizeof(AsgiExchangeObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

}  // namespace

PyTypeObject* make_asgi_exchange_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

bool make_asgi_call(PyTypeObject* type, AsgiApplication& host, RequestLoan& loan, OwnedRef scope,
                    AsgiCall& made) {
  auto* const object = PyObject_GC_New(AsgiExchangeObject, type);
  if (object == nullptr) return false;
  auto* const self = reinterpret_cast<PyObject*>(object);
  new (&object->exchange) AsgiExchange(self, host, loan, std::move(scope));
  PyObject_GC_Track(self);
  made.object = OwnedRef(self);
  made.exchange = &object->exchange;
  made.receive = OwnedRef(PyCFunction_New(&receive_method, self));
  made.send = OwnedRef(PyCFunction_New(&send_method, self));
  return made.receive && made.send;
}

}  // namespace pelton::py

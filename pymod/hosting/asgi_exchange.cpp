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

}  // namespace

bool AsgiExchange::raise_gone() {
  PyErr_SetString(PyExc_OSError, "the client has left");
  return false;
}

bool AsgiExchange::is(PyObject* type, const OwnedRef& name) {
  return type == name.get() || (PyUnicode_Check(type) && PyUnicode_Compare(type, name.get()) == 0);
}

bool AsgiExchange::is_of_lost_client(BorrowedRef exception) {
  return is_cancelled(exception) || stems_from_os_error(exception);
}

OwnedRef AsgiExchange::octets_of(PyObject* given, const char* what) {
  if (PyBytes_Check(given)) return OwnedRef::share(given);
  if (PyObject_CheckBuffer(given) != 0) return OwnedRef(PyBytes_FromObject(given));
  PyErr_Format(PyExc_TypeError, "%s is bytes, not %.100s", what, Py_TYPE(given)->tp_name);
  return OwnedRef();
}

OwnedRef AsgiExchange::value_of(PyObject* event, const OwnedRef& key) {
  OwnedRef value = OwnedRef::share(PyDict_GetItemWithError(event, key.get()));
  return value.get() == Py_None ? OwnedRef() : std::move(value);
}

int AsgiExchange::is_set(PyObject* event, const OwnedRef& key) {
  const OwnedRef value = value_of(event, key);
  if (value) return PyObject_IsTrue(value.get());
  return PyErr_Occurred() != nullptr ? -1 : 0;
}

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
  if (phase_ == Phase::file) return OwnedRef();
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
  if (!PyDict_Check(event)) {
    PyErr_Format(PyExc_TypeError, "send() takes an event, which is a dict, not %.100s",
                 Py_TYPE(event)->tp_name);
    return nullptr;
  }
  const OwnedRef type = OwnedRef::share(PyDict_GetItemWithError(event, host_.names().type.get()));
  if (type) return send(event, type.get());
  if (PyErr_Occurred() == nullptr) PyErr_SetString(PyExc_ValueError, "an event has a type");
  return nullptr;
}

PyObject* AsgiExchange::send(PyObject* event, PyObject* type) {
  const AsgiNames& names = host_.names();
  if (is_gone()) return raise_gone(), nullptr;
  if (is(type, names.http_response_start)) return send_start(event);
  if (is(type, names.http_response_body)) return send_body(event);
  if (is(type, names.http_response_trailers)) return send_trailers(event);
  if (is(type, names.http_response_pathsend)) return send_path(event);
  if (is(type, names.http_response_early_hint)) return send_hints(event);
  PyErr_Format(PyExc_RuntimeError, "an HTTP response has no event %R", type);
  return nullptr;
}

PyObject* AsgiExchange::send_start(PyObject* event) {
  return start(event) ? Py_NewRef(host_.done()) : nullptr;
}

PyObject* AsgiExchange::send_trailers(PyObject* event) {
  const int sent = take_trailers(event);
  if (sent < 0) return nullptr;
  if (sent > 0) return Py_NewRef(host_.done());
  return new_asgi_send(host_.awaitable_type(), *this, OwnedRef(), true);
}

PyObject* AsgiExchange::send_body(PyObject* event) {
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
    PyErr_Format(PyExc_RuntimeError, "%shttp.response.start was sent twice", prefix_);
    return false;
  }
  PyObject* const status = PyDict_GetItemWithError(event, names.status.get());
  if (status == nullptr || !PyLong_Check(status)) {
    if (PyErr_Occurred() != nullptr) return false;
    PyErr_Format(PyExc_TypeError, "the status of %shttp.response.start is an int, not %.100s",
                 prefix_, status == nullptr ? "missing" : Py_TYPE(status)->tp_name);
    return false;
  }
  const long number = PyLong_AsLong(status);
  if (number == -1 && PyErr_Occurred() != nullptr) PyErr_Clear();
  if (number < 200 || number > 599) {
    PyErr_Format(PyExc_ValueError, "the status of %shttp.response.start is 200 to 599, not %R",
                 prefix_, status);
    return false;
  }
  PyObject* const headers = PyDict_GetItemWithError(event, names.headers.get());
  if (headers == nullptr && PyErr_Occurred() != nullptr) return false;
  const int trailers = is_set(event, names.trailers);
  if (trailers < 0) return false;
  if (!fields_.read(headers, "http.response.start")) return false;
  status_ = static_cast<std::uint16_t>(number);
  const bool has_no_body = is_head_ || status_ == 204 || status_ == 205 || status_ == 304;
  if (!has_no_body) left_bytes_ = fields_.content_length();
  awaits_trailers_ = trailers != 0 && may_trail_;
  phase_ = Phase::head;
  return true;
}

int AsgiExchange::body(PyObject* event, OwnedRef& piece, bool& is_last) {
  const AsgiNames& names = host_.names();
  if (phase_ == Phase::start) {
    PyErr_Format(PyExc_RuntimeError, "%shttp.response.body was sent before %shttp.response.start",
                 prefix_, prefix_);
    return -1;
  }
  if (phase_ >= Phase::ending) {
    PyErr_Format(PyExc_RuntimeError,
                 "%shttp.response.body was sent although the response was complete", prefix_);
    return -1;
  }
  PyObject* const given = PyDict_GetItemWithError(event, names.body.get());
  if (given == nullptr && PyErr_Occurred() != nullptr) return -1;
  const int goes_on = is_set(event, names.more_body);
  if (goes_on < 0) return -1;
  is_last = goes_on == 0;
  piece = given == nullptr ? OwnedRef::share(host_.state().hot.names.empty_bytes)
                           : octets_of(given, "the body of http.response.body");
  if (!piece) return -1;
  if (!count_length(static_cast<std::size_t>(PyBytes_GET_SIZE(piece.get())), is_last)) return -1;
  if (phase_ == Phase::head) {
    if (is_last && !awaits_trailers_) return respond(piece) ? 1 : -1;
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

bool AsgiExchange::respond(std::uint16_t status) {
  status_ = status;
  fields_.clear();
  return respond(host_.state().hot.names.empty_bytes);
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
  if (phase_ == Phase::file) return 0;
  if (file_fault_ != http::OpenFault::none) return raise_file_fault(), -1;
  if (piece) {
    // Another piece may be on its way, from a send() that nobody has awaited yet.
    if (driver_->has_rest() && !driver_->has_room() && driver_->has_rest()) return 0;
    if (PyBytes_GET_SIZE(piece.get()) != 0 && driver_->write(piece.get()) < 0) return -1;
    piece = OwnedRef();
    if (is_last) phase_ = Phase::ending;
  }
  if (phase_ != Phase::ending) return driver_->has_room() ? 1 : 0;
  if (driver_->has_rest() && !driver_->has_room() && driver_->has_rest()) return 0;
  end_body();
  return 1;
}

void AsgiExchange::end_body() {
  if (!awaits_trailers_) return complete();
  phase_ = Phase::trailers;
  note_news();
}

int AsgiExchange::take_trailers(PyObject* event) {
  const AsgiNames& names = host_.names();
  if (!awaits_trailers_ || phase_ < Phase::ending) {
    PyErr_SetString(PyExc_RuntimeError,
                    phase_ == Phase::complete ? "http.response.trailers was sent although the "
                                                "response was complete"
                    : awaits_trailers_        ? "http.response.trailers was sent before the last "
                                                "http.response.body"
                                              : "http.response.trailers was sent although "
                                                "http.response.start did not announce trailers");
    return -1;
  }
  const OwnedRef headers = value_of(event, names.headers);
  const int goes_on = PyErr_Occurred() != nullptr ? -1 : is_set(event, names.more_trailers);
  if (goes_on < 0 || !trailers_.read_more(headers.get(), "http.response.trailers")) return -1;
  if (goes_on > 0) return 1;
  awaits_trailers_ = false;
  if (phase_ == Phase::ending) return 0;
  complete();
  return 1;
}

void AsgiExchange::complete() {
  phase_ = Phase::complete;
  fields_.clear();
  if (driver_ != nullptr && driver_->suspended()) {
    const AsgiFields::Views trailers(trailers_);
    driver_->end_stream(true, trailers.all());
  }
  trailers_.clear();
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
  forget();
  return OwnedRef();
}

void AsgiExchange::forget() {
  scope_ = OwnedRef();
  fields_.clear();
  trailers_.clear();
}

// Reports what the client was not told, or told by a 500 or a cut alone.
void AsgiExchange::explain(const StepEnd& end) {
  const bool is_gone = this->is_gone();
  if (end.kind == PYGEN_ERROR) {
    if (!is_gone || !is_of_lost_client(end.value)) host_.log(scope_, end.value);
    return;
  }
  if (is_gone || is_answered() || phase_ == Phase::file) return;
  const OwnedRef text(missing_event());
  const OwnedRef fault(text ? PyObject_CallOneArg(PyExc_RuntimeError, text.get()) : nullptr);
  if (fault) return host_.log(scope_, fault);
  PyErr_WriteUnraisable(object_);
}

PyObject* AsgiExchange::missing_event() const {
  if (phase_ == Phase::trailers) {
    return PyUnicode_FromString("the application returned without sending http.response.trailers");
  }
  if (phase_ == Phase::start || phase_ == Phase::head) {
    return PyUnicode_FromFormat("the application returned without sending %shttp.response.%s",
                                prefix_, phase_ == Phase::start ? "start" : "body");
  }
  return PyUnicode_FromFormat(
      "the application returned before its response was complete: no %shttp.response.body came "
      "without more_body",
      prefix_);
}

int AsgiExchange::traverse(visitproc visit, void* arg) const {
  Py_VISIT(application_object_.get());
  Py_VISIT(scope_.get());
  for (const OwnedRef& waiter : waiters_) Py_VISIT(waiter.get());
  if (const int stopped = fields_.traverse(visit, arg)) return stopped;
  return trailers_.traverse(visit, arg);
}

void AsgiExchange::clear() {
  scope_ = OwnedRef();
  waiters_.clear();
}

}  // namespace pelton::py

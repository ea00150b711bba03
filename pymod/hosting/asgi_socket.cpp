#include "pymod/hosting/asgi_socket.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "http/message/field_rules.hpp"
#include "pymod/bridge/driver.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

// Codes of RFC 6455 section 7.4.1; see protocol 8.3.
constexpr long normal = 1000;
constexpr long going_away = 1001;
constexpr long abnormal = 1006;
constexpr long internal_error = 1011;

// The octets of a str; false with an error set.
bool view_utf8(PyObject* text, std::string_view& octets) {
  Py_ssize_t bytes = 0;
  const char* const data = PyUnicode_AsUTF8AndSize(text, &bytes);
  if (data != nullptr) octets = {data, static_cast<std::size_t>(bytes)};
  return data != nullptr;
}

bool refuse(const char* what, const char* wanted, BorrowedRef given) {
  PyErr_Format(PyExc_TypeError, "the %s is %s, not %.100s", what, wanted,
               Py_TYPE(given.get())->tp_name);
  return false;
}

bool names_protocol(std::span<const http::FieldView> fields) {
  return std::ranges::any_of(fields, [](const http::FieldView& field) {
    return http::is_same_name(field.name, "sec-websocket-protocol");
  });
}

// Whether the task was cancelled from outside, as at a stop.
bool is_stopped(BorrowedRef task, BorrowedRef exception) {
  if (!is_cancelled(exception) || !task) return false;
  const OwnedRef count(PyObject_CallMethod(task.get(), "cancelling", nullptr));
  if (!count) PyErr_Clear();
  return count && PyObject_IsTrue(count.get()) == 1;
}

}  // namespace

AsgiSocket::AsgiSocket(PyObject* object, AsgiApplication& host, RequestLoan& loan, OwnedRef scope)
    : AsgiExchange(object, host, loan, std::move(scope)) {
  be_denial();
}

AsgiSocket::~AsgiSocket() {
  if (end_) end().observe(nullptr);
}

// --- receive ---

OwnedRef AsgiSocket::take_event() {
  const AsgiNames& names = host().names();
  if (!std::exchange(is_connected_, true)) {
    return OwnedRef(Py_BuildValue("{OO}", names.type.get(), names.websocket_connect.get()));
  }
  if (!end_) {
    if (is_answered() || is_gone()) return disconnect_event(BorrowedRef());
    const Driver* const driver = need_driver();
    if (driver == nullptr) return OwnedRef();
    return driver->disconnected() ? disconnect_event(BorrowedRef()) : OwnedRef();
  }
  if (!end().has_message()) {
    return end().ended() ? disconnect_event(end().ended()) : OwnedRef();
  }
  const OwnedRef message = end().take_first();
  if (!message) return OwnedRef();
  // One key alone: Sanic takes a text that is None for the end of the WebSocket.
  const OwnedRef& key = PyUnicode_Check(message.get()) ? names.text : names.bytes;
  return OwnedRef(Py_BuildValue("{OOOO}", names.type.get(), names.websocket_receive.get(),
                                key.get(), message.get()));
}

OwnedRef AsgiSocket::disconnect_event(BorrowedRef code_and_reason) const {
  const AsgiNames& names = host().names();
  const OwnedRef ended = code_and_reason ? OwnedRef::share(code_and_reason)
                                         : OwnedRef(Py_BuildValue("(ls)", abnormal, ""));
  if (!ended) return OwnedRef();
  return OwnedRef(Py_BuildValue("{OOOOOO}", names.type.get(), names.websocket_disconnect.get(),
                                names.code.get(), PyTuple_GET_ITEM(ended.get(), 0),
                                names.reason.get(), PyTuple_GET_ITEM(ended.get(), 1)));
}

// --- send ---

PyObject* AsgiSocket::send(PyObject* event, PyObject* type) {
  const AsgiNames& names = host().names();
  if (is(type, names.websocket_accept)) {
    return accept(event) ? Py_NewRef(host().done()) : nullptr;
  }
  if (is(type, names.websocket_send)) return send_message(event);
  if (is(type, names.websocket_close)) {
    return close(event) ? Py_NewRef(host().done()) : nullptr;
  }
  const bool is_start = is(type, names.websocket_http_response_start);
  if (!is_start && !is(type, names.websocket_http_response_body)) {
    PyErr_Format(PyExc_RuntimeError, "a WebSocket has no event %R", type);
    return nullptr;
  }
  if (end_ || is_closed_) {
    PyErr_Format(PyExc_RuntimeError, "%U was sent after websocket.%s", type,
                 end_ ? "accept" : "close");
    return nullptr;
  }
  if (is_gone()) return raise_gone(), nullptr;
  return is_start ? send_start(event) : send_body(event);
}

bool AsgiSocket::accept(PyObject* event) {
  const AsgiNames& names = host().names();
  if (end_ || is_closed_ || phase() != Phase::start) {
    PyErr_Format(PyExc_RuntimeError, "websocket.accept was sent %s",
                 end_         ? "twice"
                 : is_closed_ ? "after websocket.close"
                              : "after websocket.http.response.start");
    return false;
  }
  const OwnedRef headers = value_of(event, names.headers);
  const OwnedRef subprotocol = value_of(event, names.subprotocol);
  if (PyErr_Occurred() != nullptr) return false;
  if (!fields().read(headers.get(), "websocket.accept")) return false;
  std::string_view chosen;
  if (subprotocol) {
    if (!PyUnicode_Check(subprotocol.get())) {
      return refuse("subprotocol of websocket.accept", "a str or None", subprotocol);
    }
    if (!view_utf8(subprotocol.get(), chosen)) return false;
  }
  Driver* const driver = need_driver();
  if (driver == nullptr) return false;
  driver->suspend();
  if (is_gone()) return raise_gone();
  const AsgiFields::Views views(fields());
  if (names_protocol(views.all())) {
    PyErr_SetString(PyExc_ValueError,
                    "websocket.accept names a subprotocol by its key, not by a header");
    return false;
  }
  OwnedRef end = driver->accept_websocket({.subprotocol = chosen, .fields = views.all()});
  if (!end) return false;
  end_ = std::move(end);
  this->end().observe(this);
  fields().clear();
  return true;
}

bool AsgiSocket::is_open(const char* event) {
  if (is_closed_ || (!end_ && phase() != Phase::start)) {
    PyErr_Format(PyExc_RuntimeError, "%s was sent after %s", event,
                 is_closed_ ? "websocket.close" : "websocket.http.response.start");
    return false;
  }
  return end_ ? !end().closing() || raise_gone() : !is_gone() || raise_gone();
}

PyObject* AsgiSocket::send_message(PyObject* event) {
  const AsgiNames& names = host().names();
  if (!is_open("websocket.send")) return nullptr;
  if (!end_) {
    PyErr_SetString(PyExc_RuntimeError, "websocket.send was sent before websocket.accept");
    return nullptr;
  }
  OwnedRef text = value_of(event, names.text);
  const OwnedRef bytes = value_of(event, names.bytes);
  if (PyErr_Occurred() != nullptr) return nullptr;
  if (static_cast<bool>(text) == static_cast<bool>(bytes)) {
    PyErr_Format(PyExc_ValueError, "websocket.send has either text or bytes, not %s",
                 text ? "both" : "neither");
    return nullptr;
  }
  if (text && !PyUnicode_Check(text.get())) {
    return refuse("text of websocket.send", "a str", text), nullptr;
  }
  OwnedRef message = text ? std::move(text) : octets_of(bytes.get(), "bytes of websocket.send");
  if (!message) return nullptr;
  const int sent = go_on_sending(message, false);
  if (sent < 0) return nullptr;
  if (sent > 0) return Py_NewRef(host().done());
  return new_asgi_send(host().awaitable_type(), *this, std::move(message), false);
}

int AsgiSocket::go_on_sending(OwnedRef& piece, bool is_last) {
  if (!end_) return AsgiExchange::go_on_sending(piece, is_last);
  if (!is_open("websocket.send")) return -1;
  if (end().is_full()) return 0;
  if (!piece) return 1;
  const bool is_text = PyUnicode_Check(piece.get());
  std::string_view octets;
  if (!is_text) {
    octets = bytes_view(piece.get());
  } else if (!view_utf8(piece.get(), octets)) {
    return -1;
  }
  const http::SendOutcome outcome = end().offer(octets, is_text);
  piece = OwnedRef();
  if (outcome == http::SendOutcome::queued) return 1;
  if (outcome == http::SendOutcome::queued_high) return 0;
  raise_gone();
  return -1;
}

bool AsgiSocket::close(PyObject* event) {
  const AsgiNames& names = host().names();
  if (!is_open("websocket.close")) return false;
  const OwnedRef code = value_of(event, names.code);
  const OwnedRef reason = value_of(event, names.reason);
  if (PyErr_Occurred() != nullptr) return false;
  if (code && !PyLong_Check(code.get())) {
    return refuse("code of websocket.close", "an int", code);
  }
  if (reason && !PyUnicode_Check(reason.get())) {
    return refuse("reason of websocket.close", "a str or None", reason);
  }
  int is_too_large = 0;
  const long number = code ? PyLong_AsLongAndOverflow(code.get(), &is_too_large) : normal;
  std::string_view text;
  if (reason && !view_utf8(reason.get(), text)) return false;
  constexpr std::uint16_t forbidden = 403;
  const bool is_done = end_ ? end().close(number, text) : respond(forbidden);
  if (!is_done) return false;
  is_closed_ = true;
  note_news();  // what waits to be sent is not sent any more
  return true;
}

// --- the end of the application's call ---

OwnedRef AsgiSocket::conclude(StepEnd& step) {
  if (!end_) return AsgiExchange::conclude(step);
  long code = normal;
  if (step.kind == PYGEN_ERROR) {
    const bool is_over = end().closing();
    const bool is_stop = is_stopped(driver() == nullptr ? nullptr : driver()->task(), step.value);
    if (!is_stop && !(is_over && is_of_lost_client(step.value))) host().log(scope(), step.value);
    code = is_stop ? going_away : internal_error;
  }
  if (!end().closing() && !end().close(code, {})) PyErr_WriteUnraisable(object());
  end().observe(nullptr);
  forget();
  return OwnedRef();
}

PyObject* AsgiSocket::missing_event() const {
  if (phase() != Phase::start) return AsgiExchange::missing_event();
  return PyUnicode_FromString(
      "the application returned without sending websocket.accept or websocket.close");
}

int AsgiSocket::traverse(visitproc visit, void* arg) const {
  Py_VISIT(end_.get());
  return AsgiExchange::traverse(visit, arg);
}

}  // namespace pelton::py

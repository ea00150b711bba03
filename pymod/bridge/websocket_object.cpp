#include "pymod/bridge/websocket_object.hpp"

#include <new>
#include <utility>

#include "http/serve/topics.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/bridge/loop_future.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

using http::SendOutcome;
using http::WebSocketEvent;
using http::WebSocketNews;

namespace {

// Texts up to this size become a str at once; for longer ones see take().
constexpr std::size_t text_bytes_max = 1024;
constexpr std::uint16_t internal_error = 1011;  // RFC 6455 section 7.4.1

struct WebSocketObject {
  PyObject_HEAD WebSocketEnd end;
};

bool is_pending(BorrowedRef future) {
  if (!future) return false;
  const OwnedRef done(PyObject_CallMethod(future.get(), "done", nullptr));
  return done.get() == Py_False;
}

OwnedRef code_and_reason(int code, std::string_view reason) {
  return OwnedRef(Py_BuildValue("(iN)", code, utf8_text(reason)));
}

void resolve(BorrowedRef future, const char* method, BorrowedRef value) {
  if (!is_pending(future)) return;
  const OwnedRef set(PyObject_CallMethod(future.get(), method, "(O)", value.get()));
  if (!set) PyErr_WriteUnraisable(future.get());
}

}  // namespace

http::WebSocketListener WebSocketEnd::listener() {
  Py_INCREF(object_);
  return {.call = &WebSocketEnd::hear, .context = this};
}

void WebSocketEnd::hear(void* context, http::WebSocket&, const WebSocketNews& news) {
  static_cast<WebSocketEnd*>(context)->heard(news);
}

void WebSocketEnd::heard(const WebSocketNews& news) {
  switch (news.event) {
    case WebSocketEvent::text:
      return take(http::MessageKind::text, news.octets);
    case WebSocketEvent::binary:
      return take(http::MessageKind::binary, news.octets);
    case WebSocketEvent::pong:
      return;
    case WebSocketEvent::writable:
      is_full_ = false;
      if (observer_ != nullptr) observer_->note_news();
      return resolve(std::exchange(sender_, OwnedRef()), "set_result", Py_None);
    case WebSocketEvent::closed:
      return ended(news);
  }
}

void WebSocketEnd::take(http::MessageKind kind, std::string_view octets) {
  // A str may take four times the octets of its UTF-8 form: a long text waits as bytes until it is
  // taken.
  const bool is_text = kind == http::MessageKind::text;
  const bool waits = is_text && octets.size() > text_bytes_max && !is_plain_text(octets);
  OwnedRef message(is_text && !waits ? utf8_text(octets) : octets_object(octets));
  if (!message) {
    // There was no memory for the message. It is lost, so the connection closes.
    PyErr_WriteUnraisable(object_);
    if (http::WebSocket* const socket = handle_.get()) socket->close(internal_error, {});
    return;
  }
  undelivered_bytes_ += octets.size();
  messages_.push_back({std::move(message), octets.size(), kind});
  tell_undelivered();
  wake_receiver();
}

// The receiver takes the message itself when it runs: a message handed over now would be lost if
// the receiver were cancelled first.
void WebSocketEnd::wake_receiver() {
  if (observer_ != nullptr) observer_->note_news();
  if (receiver_) resolve(std::exchange(receiver_, OwnedRef()), "set_result", Py_None);
}

void WebSocketEnd::tell_undelivered() {
  if (http::WebSocket* const socket = handle_.get()) {
    socket->set_undelivered(messages_.size(), undelivered_bytes_);
  }
}

void WebSocketEnd::ended(const WebSocketNews& news) {
  const OwnedRef held(object_);  // takes over the connection's reference
  handle_ = {};                  // the server may be gone before this object
  topics_ = nullptr;
  closed_ = code_and_reason(news.code, news.octets);
  if (!closed_) return PyErr_WriteUnraisable(object_);
  wake_receiver();
  fail_sender();
  observe(nullptr);
}

void WebSocketEnd::fail_sender() {
  if (!sender_) return;
  const OwnedRef error = disconnect();
  if (!error) return PyErr_WriteUnraisable(object_);
  resolve(std::exchange(sender_, OwnedRef()), "set_exception", error);
}

// A handler that runs before the end of the turn asks before the `closed` event arrives.
OwnedRef WebSocketEnd::known_end() const {
  if (closed_) return OwnedRef::share(closed_);
  const http::WebSocket* const socket = handle_.get();
  const auto news = socket == nullptr ? std::nullopt : socket->known_end();
  return news ? code_and_reason(news->code, news->octets) : OwnedRef();
}

OwnedRef WebSocketEnd::disconnect() const {
  const OwnedRef module(PyImport_ImportModule("pelton.errors"));
  const OwnedRef type(module ? PyObject_GetAttrString(module.get(), "WebSocketDisconnect")
                             : nullptr);
  if (!type) return OwnedRef();
  OwnedRef known = known_end();
  if (!known) known = OwnedRef::share(closing_);
  return OwnedRef(known ? PyObject_Call(type.get(), known.get(), nullptr)
                        : PyObject_CallFunction(type.get(), "is", 1006, ""));
}

PyObject* WebSocketEnd::new_future() {
  return new_loop_future(application_, "the server of this WebSocket is gone");
}

SendOutcome WebSocketEnd::offer(std::string_view octets, bool is_text) {
  http::WebSocket* const socket = handle_.get();
  if (socket == nullptr) return SendOutcome::closed;
  const SendOutcome outcome =
      socket->send(is_text ? http::MessageKind::text : http::MessageKind::binary, octets);
  is_full_ |= outcome == SendOutcome::queued_high;
  return outcome;
}

int WebSocketEnd::send(std::string_view octets, bool is_text) {
  const SendOutcome outcome = offer(octets, is_text);
  if (outcome == SendOutcome::queued) return 1;
  if (outcome == SendOutcome::queued_high) return 0;
  if (const OwnedRef error = disconnect()) raise(error);
  return -1;
}

PyObject* WebSocketEnd::wait_for_room() {
  if (!is_pending(sender_)) sender_ = OwnedRef(new_future());
  if (!sender_) return nullptr;
  if (is_full_ && !closed_ && !closing_) return Py_NewRef(sender_.get());
  // A future that is done is not kept: the traceback of its exception refers to frames that refer
  // to this object, and such a cycle stays until the garbage collector runs.
  OwnedRef done = std::exchange(sender_, OwnedRef());
  if (closed_ || closing_) resolve(done, "set_exception", disconnect());
  resolve(done, "set_result", Py_None);
  return done.release();
}

OwnedRef WebSocketEnd::first_message() const {
  const Waiting& first = messages_.front();
  const bool is_decoded =
      first.kind == http::MessageKind::binary || PyUnicode_Check(first.message.get());
  return is_decoded ? OwnedRef::share(first.message)
                    : OwnedRef(utf8_text(bytes_view(first.message.get())));
}

void WebSocketEnd::drop_first() {
  undelivered_bytes_ -= messages_.front().bytes;
  messages_.pop_front();
  tell_undelivered();
}

OwnedRef WebSocketEnd::take_first() {
  OwnedRef message = first_message();
  if (message) drop_first();  // without memory the message stays here
  return message;
}

PyObject* WebSocketEnd::take_message() {
  if (messages_.empty()) {
    if (!closed_) Py_RETURN_NONE;
    if (const OwnedRef error = disconnect()) raise(error);
    return nullptr;
  }
  const bool is_text = messages_.front().kind == http::MessageKind::text;
  const OwnedRef message = first_message();
  PyObject* const taken =
      message ? Py_BuildValue("(sO)", is_text ? "text" : "binary", message.get()) : nullptr;
  if (taken != nullptr) drop_first();  // without memory the message stays here
  return taken;
}

PyObject* WebSocketEnd::wait_for_message() {
  if (is_pending(receiver_)) {
    PyErr_SetString(PyExc_RuntimeError, "another task receives from this WebSocket already");
    return nullptr;
  }
  receiver_ = OwnedRef(new_future());
  if (receiver_ && (!messages_.empty() || closed_)) resolve(receiver_, "set_result", Py_None);
  return Py_XNewRef(receiver_.get());
}

bool WebSocketEnd::ping(std::string_view octets) {
  http::WebSocket* const socket = handle_.get();
  if (socket != nullptr && socket->ping(octets)) return true;
  if (const OwnedRef error = disconnect()) raise(error);
  return false;
}

bool WebSocketEnd::close(long code, std::string_view reason) {
  http::WebSocket* const socket = handle_.get();
  if (socket == nullptr) return true;
  const auto sent = static_cast<std::uint16_t>(code < 0 || code > 0xFFFF ? 1 : code);
  switch (socket->close(sent, reason)) {
    case http::CloseFault::none:
      return note_closing(sent, reason);
    case http::CloseFault::code:
      PyErr_Format(PyExc_ValueError, "%ld is no code that may be sent in a Close", code);
      return false;
    case http::CloseFault::reason:
      PyErr_SetString(PyExc_ValueError, "the reason of a Close is at most 123 octets of UTF-8");
      return false;
  }
  return false;
}

// Queued messages are still sent. A sender that waits for room fails now, or it would wait for the
// peer's Close.
bool WebSocketEnd::note_closing(std::uint16_t code, std::string_view reason) {
  if (closing_) return true;
  closing_ = code_and_reason(code, reason);
  if (!closing_) return false;
  fail_sender();
  return true;
}

bool WebSocketEnd::subscribe(std::string_view topic) {
  http::WebSocket* const socket = handle_.get();
  if (socket != nullptr && !socket->closing()) {
    topics_->subscribe(handle_, topic);
    return true;
  }
  if (const OwnedRef error = disconnect()) raise(error);
  return false;
}

void WebSocketEnd::unsubscribe(std::string_view topic) {
  if (topics_ != nullptr) topics_->unsubscribe(handle_, topic);
}

std::size_t WebSocketEnd::buffered_bytes() const {
  const http::WebSocket* const socket = handle_.get();
  return socket == nullptr ? 0 : socket->buffered_bytes();
}

bool WebSocketEnd::closing() const {
  const http::WebSocket* const socket = handle_.get();
  return socket == nullptr || socket->closing();
}

PyObject* WebSocketEnd::closed() const {
  OwnedRef known = known_end();
  if (known || PyErr_Occurred() != nullptr) return known.release();
  Py_RETURN_NONE;
}

int WebSocketEnd::traverse(visitproc visit, void* arg) const {
  for (const OwnedRef* ref :
       {&application_object_, &observer_object_, &receiver_, &sender_, &closing_, &closed_}) {
    Py_VISIT(ref->get());
  }
  for (const Waiting& waiting : messages_) Py_VISIT(waiting.message.get());
  return 0;
}

void WebSocketEnd::clear() {
  observe(nullptr);
  receiver_ = OwnedRef();
  sender_ = OwnedRef();
  messages_.clear();
}

namespace {

WebSocketEnd& of(PyObject* self) {
  return reinterpret_cast<WebSocketObject*>(self)->end;
}

PyObject* send(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2 || !PyBytes_Check(arguments[0])) {
    PyErr_SetString(PyExc_TypeError, "send() takes bytes and whether they are text");
    return nullptr;
  }
  const int sent = of(self).send(bytes_view(arguments[0]), arguments[1] == Py_True);
  return sent < 0 ? nullptr : PyBool_FromLong(sent);
}

PyObject* writable(PyObject* self, PyObject*) {
  return of(self).wait_for_room();
}

PyObject* take(PyObject* self, PyObject*) {
  return of(self).take_message();
}

PyObject* arrival(PyObject* self, PyObject*) {
  return of(self).wait_for_message();
}

PyObject* ping(PyObject* self, PyObject* data) {
  if (!PyBytes_Check(data) || PyBytes_GET_SIZE(data) > 125) {
    PyErr_SetString(PyExc_ValueError, "a ping carries at most 125 octets, as bytes");
    return nullptr;
  }
  if (!of(self).ping(bytes_view(data))) return nullptr;
  Py_RETURN_NONE;
}

PyObject* close(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2 || !PyBytes_Check(arguments[1])) {
    PyErr_SetString(PyExc_TypeError, "close() takes a code and a reason as bytes");
    return nullptr;
  }
  const long code = PyLong_AsLong(arguments[0]);
  if (code == -1 && PyErr_Occurred() != nullptr) return nullptr;
  if (!of(self).close(code, bytes_view(arguments[1]))) return nullptr;
  Py_RETURN_NONE;
}

PyObject* subscribe(PyObject* self, PyObject* topic) {
  Py_ssize_t bytes = 0;
  const char* const name = PyUnicode_AsUTF8AndSize(topic, &bytes);
  if (name == nullptr) return nullptr;
  if (!of(self).subscribe({name, static_cast<std::size_t>(bytes)})) return nullptr;
  Py_RETURN_NONE;
}

PyObject* unsubscribe(PyObject* self, PyObject* topic) {
  Py_ssize_t bytes = 0;
  const char* const name = PyUnicode_AsUTF8AndSize(topic, &bytes);
  if (name == nullptr) return nullptr;
  of(self).unsubscribe({name, static_cast<std::size_t>(bytes)});
  Py_RETURN_NONE;
}

PyObject* get_buffered(PyObject* self, void*) {
  return PyLong_FromSize_t(of(self).buffered_bytes());
}
PyObject* get_closing(PyObject* self, void*) {
  return PyBool_FromLong(of(self).closing());
}
PyObject* get_closed(PyObject* self, void*) {
  return of(self).closed();
}

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  of(self).~WebSocketEnd();
  PyTypeObject* type = Py_TYPE(self);
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

template <auto function>
PyCFunction as_method() {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"send", as_method<send>(), METH_FASTCALL,
     PyDoc_STR("Queues a message; False: await writable() before the next.")},
    {"writable", writable, METH_NOARGS, PyDoc_STR("A future: there is room again, or it closes.")},
    {"take", take, METH_NOARGS,
     PyDoc_STR("('text', str) or ('binary', bytes), or None: await arrival() and take again.")},
    {"arrival", arrival, METH_NOARGS, PyDoc_STR("A future: there is a message, or the end.")},
    {"ping", ping, METH_O, nullptr},
    {"close", as_method<close>(), METH_FASTCALL, PyDoc_STR("Begins the close.")},
    {"subscribe", subscribe, METH_O, PyDoc_STR("Hears what is published on a topic from now on.")},
    {"unsubscribe", unsubscribe, METH_O, PyDoc_STR("And not any more.")},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {
    {"buffered", get_buffered, nullptr, PyDoc_STR("Octets that wait to be sent."), nullptr},
    {"closing", get_closing, nullptr, PyDoc_STR("Nothing more can be sent."), nullptr},
    {"closed", get_closed, nullptr, PyDoc_STR("(code, reason), or None."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("The native end of one WebSocket.")},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, attributes},
                       {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.WebSocketEnd",
    .basicsize = sizeof(WebSocketObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

}  // namespace

PyTypeObject* make_websocket_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

PyObject* new_websocket(PyTypeObject* type, ApplicationState& application) {
  auto* const made = PyObject_GC_New(WebSocketObject, type);
  if (made == nullptr) return nullptr;
  new (&made->end) WebSocketEnd(reinterpret_cast<PyObject*>(made), application);
  PyObject_GC_Track(made);
  return reinterpret_cast<PyObject*>(made);
}

WebSocketEnd& websocket_in(PyObject* object) {
  return of(object);
}

}  // namespace pelton::py

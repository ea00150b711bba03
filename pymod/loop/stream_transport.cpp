#include "pymod/loop/stream_transport.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/slow_callback.hpp"
#include "pymod/loop/stream_feed.hpp"

namespace pelton::py {

using Side = DescriptorWatches::Side;

namespace {

void raise_again(const OwnedRef& error) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
}

// Logs in debug mode as asyncio does: logger.debug("%r reads on", transport).
bool log_in_debug(StreamTransport& transport, const char* text) {
  if (!transport.loop->debug) [[likely]]
    return true;
  PyObject* const logger = transport.parts().logger.get();
  return static_cast<bool>(
      OwnedRef(PyObject_CallMethod(logger, "debug", "sO", text, transport.object())));
}

}  // namespace

bool must_leave() {
  return PyErr_ExceptionMatches(PyExc_SystemExit) != 0 ||
         PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) != 0;
}

bool settle_future(AsyncioParts& parts, PyObject* future, PyObject* error) {
  const OwnedRef done(call_method(future, parts.names.done));
  if (!done) return false;
  if (done.get() == Py_True) return true;
  const auto& name = error == nullptr ? parts.names.set_result : parts.names.set_exception;
  return static_cast<bool>(OwnedRef(call_method(future, name, error == nullptr ? Py_None : error)));
}

// --- watching ---

void StreamTransport::watch(Side side) {
  cancel_watcher(
      loop->core->watches()
          .set(descriptor, side, OwnedRef::share(object()), DescriptorWatches::Kind::receiver)
          .get());
}

void StreamTransport::unwatch(Side side) {
  cancel_watcher(loop->core->watches().remove(descriptor, side).get());
}

bool StreamTransport::watches(Side side) const {
  return loop->core->watches().find(descriptor, side) != nullptr;
}

// --- called by the loop ---

bool StreamTransport::run(PyObject* self, RunReason reason) {
  auto& transport = *reinterpret_cast<StreamTransport*>(self);
  if (transport.loop == nullptr) return true;  // lost in this very round
  const OwnedRef loop = OwnedRef::share(reinterpret_cast<PyObject*>(transport.loop));
  const OwnedRef context = OwnedRef::share(transport.context);
  if (PyContext_Enter(context.get()) != 0) return false;
  const char* name = "_read_ready";
  const CallbackTime time(*transport.loop);
  bool done = true;
  switch (reason) {
    case RunReason::to_end:
      transport.reads_to_end = true;
      done = transport.read();
      break;
    case RunReason::unread:
      transport.has_unread = false;
      [[fallthrough]];
    case RunReason::readable:
      done = transport.read();
      break;
    case RunReason::writable:
      name = "_write_ready";
      done = transport.write_more();
      break;
    case RunReason::begin:
      name = "_begin";
      done = transport.begin();
      break;
    case RunReason::lost:
      name = "_call_connection_lost";
      done = transport.lose(OwnedRef(std::exchange(transport.lost_with, nullptr)));
      break;
    case RunReason::handle:
      break;
  }
  time.tell(*reinterpret_cast<LoopObject*>(loop.get()), self, name);
  if (done) [[likely]]
    return PyContext_Exit(context.get()) == 0;
  // Reports the error as a handle would: outside the context, which the report enters again.
  OwnedRef error(take_exception());
  PyContext_Exit(context.get());
  raise_again(error);
  if (must_leave()) return false;
  error = OwnedRef(take_exception());
  const OwnedRef method(PyObject_GetAttrString(self, name));
  if (!method) return false;
  raise_again(error);
  return report_failed(*reinterpret_cast<LoopObject*>(loop.get()), {.callback = method.get(),
                                                                    .arguments = nullptr,
                                                                    .argument_count = 0,
                                                                    .context = context.get()});
}

bool StreamTransport::begin() {
  AsyncioParts& asyncio = parts();
  LoopObject& our_loop = *loop;
  bool goes_on = true;
  OwnedRef raised;
  if (!OwnedRef(call_method(protocol, asyncio.names.connection_made, object()))) {
    goes_on = !must_leave();
    raised = OwnedRef(take_exception());
    const OwnedRef method(goes_on ? PyObject_GetAttr(protocol, asyncio.names.connection_made.get())
                                  : nullptr);
    if (method) {
      PyObject* arguments[] = {object()};
      const OwnedRef own_context = OwnedRef::share(context);
      PyContext_Exit(own_context.get());
      raise_again(raised);
      goes_on = report_failed(our_loop, {.callback = method.get(),
                                         .arguments = arguments,
                                         .argument_count = 1,
                                         .context = own_context.get()});
      if (!goes_on) raised = OwnedRef(take_exception());
      // The caller leaves the context.
      if (PyContext_Enter(own_context.get()) != 0) return false;
    }
  }
  // Only now: octets must not arrive before connection_made().
  if (loop != nullptr && is_reading()) watch(Side::reader);
  const OwnedRef waits(std::exchange(waiter, nullptr));
  const bool woken = !waits || settle_future(asyncio, waits.get(), nullptr);
  if (goes_on) return woken;
  raise_again(raised);
  return false;
}

bool StreamTransport::read() {
  // Paused or closed after the descriptor was found ready.
  if (lost_count != 0 || !is_reading()) return true;
  // Reads once per round, after the callbacks that the last read has made ready, as a loop does
  // that polls its descriptors between rounds.
  if (std::exchange(read_in_round, loop->core->round()) == loop->core->round()) {
    read_again();
    return true;
  }
  bool left = false;
  const bool done = is_buffered ? receive_into_protocol(left) : receive(left);
  if (left && loop != nullptr) read_again();
  return done;
}

bool StreamTransport::receive(bool& left) {
  const std::span<char> scratch = loop->core->scratch();
  const ssize_t count = ::recv(descriptor, scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (count < 0) {
    if (would_block(errno)) return true;
    PyErr_SetFromErrno(PyExc_OSError);
    return fail("Fatal read error on socket transport");
  }
  if (count == 0) return received_end();
  left = reads_to_end || static_cast<std::size_t>(count) == scratch.size();
  const auto octets = scratch.first(static_cast<std::size_t>(count));
  if (feeds_protocol != 0) [[likely]] {
    switch (feed_stream(*this, octets)) {
      case Fed::done:
        return true;
      case Fed::failed:
        return must_leave() ? false : fail("Fatal error: protocol.data_received() call failed.");
      case Fed::cannot:
        break;
    }
  }
  const OwnedRef data(PyBytes_FromStringAndSize(octets.data(), count));
  if (!data) return false;
  if (OwnedRef(call_method(protocol, parts().names.data_received, data.get()))) return true;
  return must_leave() ? false : fail("Fatal error: protocol.data_received() call failed.");
}

// A read that fills the buffer may have left octets that no event reports; so may any read if
// reads_to_end is set.
void StreamTransport::read_again() {
  if (has_unread || !loop->core->tells_news_only()) return;
  has_unread = true;
  loop->core->push(OwnedRef::share(object()), RunReason::unread);
}

bool StreamTransport::receive_into_protocol(bool& left) {
  AsyncioParts& asyncio = parts();
  const OwnedRef any_size(PyLong_FromLong(-1));
  const OwnedRef buffer(call_method(protocol, asyncio.names.get_buffer, any_size.get()));
  const Py_ssize_t room = buffer ? PyObject_Size(buffer.get()) : -1;
  if (room <= 0) {
    if (room == 0) PyErr_SetString(PyExc_RuntimeError, "get_buffer() returned an empty buffer");
    return must_leave() ? false : fail("Fatal error: protocol.get_buffer() call failed.");
  }
  Py_buffer view;
  if (PyObject_GetBuffer(buffer.get(), &view, PyBUF_WRITABLE) != 0) {
    PyErr_Format(PyExc_TypeError, "get_buffer() must return a writable bytes-like object, not %s",
                 Py_TYPE(buffer.get())->tp_name);
    return must_leave() ? false : fail("Fatal read error on socket transport");
  }
  const ssize_t count =
      ::recv(descriptor, view.buf, static_cast<std::size_t>(view.len), MSG_DONTWAIT);
  const int error = errno;
  left = count > 0 && (reads_to_end || count == view.len);
  PyBuffer_Release(&view);
  if (count < 0) {
    if (would_block(error)) return true;
    errno = error;
    PyErr_SetFromErrno(PyExc_OSError);
    return fail("Fatal read error on socket transport");
  }
  if (count == 0) return received_end();
  const OwnedRef bytes(PyLong_FromSsize_t(count));
  if (!bytes) return false;
  if (OwnedRef(call_method(protocol, asyncio.names.buffer_updated, bytes.get()))) return true;
  return must_leave() ? false : fail("Fatal error: protocol.buffer_updated() call failed.");
}

bool StreamTransport::received_end() {
  if (!log_in_debug(*this, "%r received EOF")) return false;
  const OwnedRef keeps(call_method(protocol, parts().names.eof_received));
  const int keeps_open = keeps ? PyObject_IsTrue(keeps.get()) : -1;
  if (keeps_open < 0) {
    return must_leave() ? false : fail("Fatal error: protocol.eof_received() call failed.");
  }
  if (keeps_open == 0) return close();
  // The protocol may still write; a watched reader would read the end again and again.
  if (loop != nullptr) unwatch(Side::reader);
  return true;
}

bool StreamTransport::lose(OwnedRef error) {
  const OwnedRef self = OwnedRef::share(object());
  AsyncioParts& asyncio = parts();
  PyObject* const reason = error ? error.get() : Py_None;
  bool told = true;
  OwnedRef raised;
  if (is_connected) {
    told =
        static_cast<bool>(OwnedRef(call_method(protocol, asyncio.names.connection_lost, reason)));
    if (!told) raised = OwnedRef(take_exception());
  }
  const OwnedRef old_socket(std::exchange(socket, nullptr));
  const OwnedRef old_protocol(std::exchange(protocol, nullptr));
  const OwnedRef old_server(std::exchange(server, nullptr));
  const OwnedRef old_loop(reinterpret_cast<PyObject*>(std::exchange(loop, nullptr)));
  bool done = !old_socket || OwnedRef(call_method(old_socket.get(), asyncio.names.close));
  if (old_server) {
    PyObject* const named = server_names_transports ? object() : nullptr;
    done = OwnedRef(call_method(old_server.get(), asyncio.names.detach, named)) && done;
  }
  if (!told) {
    PyErr_Clear();
    raise_again(raised);
    return false;
  }
  if (!done) return false;
  if (empty_waiter == nullptr) return true;
  const OwnedRef gone(
      PyObject_CallFunction(PyExc_ConnectionError, "s", "Connection is closed by peer"));
  return gone && settle_future(asyncio, empty_waiter, gone.get());
}

// --- called by the user ---

bool StreamTransport::set_protocol(PyObject* object) {
  AsyncioParts& asyncio = *loop->types->parts();
  const int buffered = PyObject_IsInstance(object, asyncio.buffered_protocol_class.get());
  if (buffered < 0) return false;
  is_buffered = buffered != 0;
  is_connected = true;
  const OwnedRef before(std::exchange(protocol, Py_NewRef(object)));
  prepare_feed(*this);
  return true;
}

bool StreamTransport::pause() {
  if (!is_reading()) return true;
  is_paused = true;
  unwatch(Side::reader);
  return log_in_debug(*this, "%r pauses reading");
}

bool StreamTransport::resume() {
  if (is_closing || !is_paused) return true;
  if (!loop->check_open()) return false;
  is_paused = false;
  watch(Side::reader);
  return log_in_debug(*this, "%r resumes reading");
}

bool StreamTransport::close() {
  if (is_closing) return true;
  is_closing = true;
  unwatch(Side::reader);
  if (!queue.empty()) return true;
  ++lost_count;
  unwatch(Side::writer);
  if (!loop->check_open()) return false;
  loop->core->push(OwnedRef::share(object()), RunReason::lost);
  return true;
}

bool StreamTransport::force_close(OwnedRef error) {
  if (lost_count != 0) return true;
  if (!queue.empty()) {
    queue.clear();
    unwatch(Side::writer);
  }
  if (!is_closing) {
    is_closing = true;
    unwatch(Side::reader);
  }
  ++lost_count;
  if (!loop->check_open()) return false;
  lost_with = error.release();
  loop->core->push(OwnedRef::share(object()), RunReason::lost);
  return true;
}

// --- trouble ---

bool StreamTransport::tell(const char* message, PyObject* error) {
  const OwnedRef about(Py_BuildValue("{s:s,s:O,s:O,s:O}", "message", message, "exception", error,
                                     "transport", object(), "protocol",
                                     protocol == nullptr ? Py_None : protocol));
  return about && OwnedRef(call_method(reinterpret_cast<PyObject*>(loop),
                                       parts().names.call_exception_handler, about.get()));
}

bool StreamTransport::fail(const char* message) {
  OwnedRef error(take_exception());
  if (PyObject_IsInstance(error.get(), PyExc_OSError) == 0) {
    if (!tell(message, error.get())) return false;
  } else if (loop->debug) {
    const OwnedRef said(PyObject_CallMethod(reinterpret_cast<PyObject*>(loop), "_transport_failed",
                                            "OsO", object(), message, error.get()));
    if (!said) return false;
  }
  return force_close(std::move(error));
}

}  // namespace pelton::py

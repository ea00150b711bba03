#include "pymod/loop/socket_operation.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/accepted_socket.hpp"
#include "pymod/loop/loop_methods.hpp"
#include "pymod/loop/socket_address.hpp"
#include "pymod/loop/stream_transport.hpp"
#include "pymod/loop/transport_opening.hpp"

namespace pelton::py {

namespace {

using Verb = SocketOperation::Verb;
using Stage = SocketOperation::Stage;

enum class Outcome : std::uint8_t { done, again, failed };

// --- the calls: with `done` a result, with `failed` an error is set ---

Outcome failed_or_again(int error) {
  if (would_block(error)) return Outcome::again;
  errno = error;
  PyErr_SetFromErrno(PyExc_OSError);
  return Outcome::failed;
}

Outcome finished(PyObject*& place, PyObject* result) {
  place = result;
  return result == nullptr ? Outcome::failed : Outcome::done;
}

// A receive of 0 octets makes no call and so never waits, as in the socket module.
Outcome receive(SocketOperation& operation) {
  if (operation.bytes == 0) {
    return finished(operation.result, PyBytes_FromStringAndSize(nullptr, 0));
  }
  const std::span<char> scratch = operation.loop->core->scratch();
  const auto wanted = static_cast<std::size_t>(operation.bytes);
  if (wanted <= scratch.size()) {
    const ssize_t count = ::recv(operation.descriptor, scratch.data(), wanted, MSG_DONTWAIT);
    if (count < 0) return failed_or_again(errno);
    return finished(operation.result, PyBytes_FromStringAndSize(scratch.data(), count));
  }
  PyObject* made = PyBytes_FromStringAndSize(nullptr, operation.bytes);
  if (made == nullptr) return Outcome::failed;
  const ssize_t count = ::recv(operation.descriptor, PyBytes_AS_STRING(made), wanted, MSG_DONTWAIT);
  if (count < 0) {
    const int error = errno;
    Py_DECREF(made);
    return failed_or_again(error);
  }
  _PyBytes_Resize(&made, count);
  return finished(operation.result, made);
}

Outcome receive_into(SocketOperation& operation) {
  if (operation.view.len == 0) return finished(operation.result, PyLong_FromLong(0));
  const ssize_t count = ::recv(operation.descriptor, operation.view.buf,
                               static_cast<std::size_t>(operation.view.len), MSG_DONTWAIT);
  if (count < 0) return failed_or_again(errno);
  return finished(operation.result, PyLong_FromSsize_t(count));
}

Outcome send_all(SocketOperation& operation) {
  const char* const octets = static_cast<const char*>(operation.view.buf);
  do {
    const ssize_t count = ::send(operation.descriptor, octets + operation.bytes,
                                 static_cast<std::size_t>(operation.view.len - operation.bytes),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) return failed_or_again(errno);
    operation.bytes += count;
  } while (operation.bytes < operation.view.len);
  return finished(operation.result, Py_NewRef(Py_None));
}

// Judges the error that a method of the socket has set.
Outcome failed_or_again() {
  if (PyErr_ExceptionMatches(PyExc_BlockingIOError) == 0 &&
      PyErr_ExceptionMatches(PyExc_InterruptedError) == 0) {
    return Outcome::failed;
  }
  PyErr_Clear();
  return Outcome::again;
}

Outcome accept(SocketOperation& operation) {
  const Accepted accepted =
      accept_socket(operation.socket, operation.descriptor, operation.parts());
  if (accepted.outcome == Accepted::Outcome::again) return Outcome::again;
  if (accepted.outcome == Accepted::Outcome::failed) return Outcome::failed;
  return finished(operation.result,
                  PyTuple_Pack(2, accepted.connection.get(), accepted.address.get()));
}

// The result of a connect() that is under way, as connect(2) says: SO_ERROR, once the socket is
// writable.
Outcome connected(SocketOperation& operation) {
  int error = 0;
  socklen_t bytes = sizeof error;
  if (::getsockopt(operation.descriptor, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) {
    return failed_or_again(errno);
  }
  if (error == 0) return finished(operation.result, Py_NewRef(Py_None));
  if (would_block(error)) return Outcome::again;
  const OwnedRef text(PyUnicode_FromFormat("Connect call failed %S", operation.address));
  const OwnedRef raised(text ? PyObject_CallFunction(PyExc_OSError, "iO", error, text.get())
                             : nullptr);
  if (raised) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.get())), raised.get());
  }
  return Outcome::failed;
}

Outcome connect(SocketOperation& operation) {
  if (operation.stage == Stage::waiting) return connected(operation);
  int family = 0;
  SocketAddress address;
  const int at_once = never_blocks(operation.socket, operation.parts());
  if (at_once < 0 || !plain_member(operation.socket, operation.parts().socket_family, family)) {
    return Outcome::failed;
  }
  if (at_once == 1 && address.read(operation.address, family)) {
    if (PySys_Audit("socket.connect", "OO", operation.socket, operation.address) != 0) {
      return Outcome::failed;
    }
    if (::connect(operation.descriptor, address.place(), address.bytes) != 0) {
      return failed_or_again(errno);
    }
    return finished(operation.result, Py_NewRef(Py_None));
  }
  const OwnedRef none(
      call_method(operation.socket, operation.parts().names.connect, operation.address));
  if (!none) return failed_or_again();
  return finished(operation.result, Py_NewRef(Py_None));
}

Outcome attempt(SocketOperation& operation) {
  switch (operation.verb) {
    case Verb::receive:
      return receive(operation);
    case Verb::receive_into:
      return receive_into(operation);
    case Verb::send_all:
      return send_all(operation);
    case Verb::accept:
      return accept(operation);
    case Verb::connect:
      return connect(operation);
  }
  return Outcome::failed;
}

// --- waiting ---

void watch(SocketOperation& operation) {
  const OwnedRef before = operation.loop->core->watches().set_operation(
      operation.descriptor, operation.side(), OwnedRef::share(operation.object()),
      operation.socket);
  cancel_watcher(before.get());
}

// An operation that has replaced this one stays.
void unwatch(SocketOperation& operation) {
  DescriptorWatches& watches = operation.loop->core->watches();
  if (watches.find(operation.descriptor, operation.side()) != operation.object()) return;
  const OwnedRef before = watches.remove(operation.descriptor, operation.side());
}

// --- as a coroutine ---

PySendResult suspend(SocketOperation& operation, PyObject** yielded) {
  LoopObject& loop = *operation.loop;
  AsyncioParts& asyncio = operation.parts();
  if (!loop.check_open() || !is_without_transport(loop, operation.socket, operation.descriptor)) {
    operation.end();
    return PYGEN_ERROR;
  }
  operation.future = loop_methods::create_future(reinterpret_cast<PyObject*>(&loop), nullptr);
  if (operation.future == nullptr ||
      PyObject_SetAttr(operation.future, asyncio.names.blocking.get(), Py_True) != 0) {
    operation.end();
    return PYGEN_ERROR;
  }
  operation.stage = Stage::waiting;
  watch(operation);
  *yielded = Py_NewRef(operation.future);
  return PYGEN_NEXT;
}

PySendResult conclude(SocketOperation& operation, PyObject** returned) {
  operation.end();
  if (operation.error != nullptr) {
    const OwnedRef error(std::exchange(operation.error, nullptr));
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
    return PYGEN_ERROR;
  }
  *returned = std::exchange(operation.result, nullptr);
  return PYGEN_RETURN;
}

}  // namespace

void SocketOperation::end() {
  if (stage == Stage::waiting) unwatch(*this);
  stage = Stage::ended;
  if (view.obj != nullptr) PyBuffer_Release(&view);
  Py_CLEAR(future);
}

bool SocketOperation::run(PyObject* self, RunReason) {
  auto& operation = *reinterpret_cast<SocketOperation*>(self);
  if (operation.stage != Stage::waiting || operation.future == nullptr) return true;
  AsyncioParts& asyncio = operation.parts();
  const OwnedRef done(call_method(operation.future, asyncio.names.done));
  if (!done) return false;
  if (done.get() == Py_True) return true;  // cancelled: the next operation takes what came
  const Outcome outcome = attempt(operation);
  if (outcome == Outcome::again) {
    watch(operation);
    return true;
  }
  if (outcome == Outcome::failed) {
    if (must_leave()) return false;
    operation.error = take_exception();
  }
  const OwnedRef future = OwnedRef::share(operation.future);
  return static_cast<bool>(OwnedRef(call_method(future.get(), asyncio.names.set_result, Py_None)));
}

PySendResult SocketOperation::step(PyObject** given) {
  SocketOperation& operation = *this;
  *given = nullptr;
  switch (operation.stage) {
    case Stage::fresh:
      switch (attempt(operation)) {
        case Outcome::done:
          return conclude(operation, given);
        case Outcome::again:
          return suspend(operation, given);
        case Outcome::failed:
          end();
          return PYGEN_ERROR;
      }
      break;
    case Stage::waiting:
      if (operation.result != nullptr || operation.error != nullptr) {
        return conclude(operation, given);
      }
      PyErr_SetString(PyExc_RuntimeError, "await wasn't used with future");
      return PYGEN_ERROR;
    case Stage::ended:
      PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
      return PYGEN_ERROR;
  }
  return PYGEN_ERROR;
}

}  // namespace pelton::py

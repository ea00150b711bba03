#include "pymod/loop/serving_socket.hpp"

#include <algorithm>
#include <cstdint>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/accepted_socket.hpp"
#include "pymod/loop/loop_object.hpp"
#include "pymod/loop/stream_transport.hpp"
#include "pymod/loop/transport_opening.hpp"

namespace pelton::py {

namespace {

constexpr Py_ssize_t arguments_min = 5;
// Including those of TLS; arguments that later Pythons add are unknown here.
constexpr Py_ssize_t arguments_max = 7;
constexpr long accept_budget_max = 64;

PyObject* by_asyncio(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                     PyObject* names) {
  const OwnedRef method(PyObject_GetAttrString(loop, "_accept_connection_of_asyncio"));
  return method
             ? PyObject_Vectorcall(method.get(), arguments, static_cast<std::size_t>(count), names)
             : nullptr;
}

// Out of descriptors or memory: the listener pauses for a while.
PyObject* accept_failed(PyObject* loop, const OwnedRef& error, PyObject* const* arguments,
                        Py_ssize_t count) {
  PyObject* values[1 + arguments_max] = {error.get()};
  std::copy_n(arguments, count, values + 1);
  const OwnedRef method(PyObject_GetAttrString(loop, "_accept_failed"));
  return method ? PyObject_Vectorcall(method.get(), values, static_cast<std::size_t>(count + 1),
                                      nullptr)
                : nullptr;
}

// A connection's failure does not affect the others, and asyncio reports it only in debug mode.
// False with an error set that must leave the loop.
bool begin_connection(LoopObject& loop, PyObject* factory, PyObject* server,
                      const Accepted& accepted) {
  const AsyncioParts& asyncio = *loop.types->parts();
  // Each connection has a context of its own, as with a task.
  const OwnedRef context(PyContext_CopyCurrent());
  if (!context || PyContext_Enter(context.get()) != 0) return false;
  const OwnedRef protocol(PyObject_CallNoArgs(factory));
  const OwnedRef extra(protocol ? PyDict_New() : nullptr);
  const bool told = extra && PyDict_SetItem(extra.get(), asyncio.names.peername.get(),
                                            accepted.address.get()) == 0;
  const OwnedRef transport(
      told ? open_transport(loop, accepted.connection.get(), protocol.get(), extra.get(), server)
           : nullptr);
  const OwnedRef error(transport ? nullptr : take_exception());
  PyContext_Exit(context.get());
  if (!error) return true;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
  if (must_leave()) return false;
  PyErr_Clear();
  return true;
}

}  // namespace

PyObject* accept_connections(PyObject* loop_object, PyObject* const* arguments, Py_ssize_t count,
                             PyObject* names) {
  LoopObject& loop = *reinterpret_cast<LoopObject*>(loop_object);
  AsyncioParts* const asyncio = loop.types->parts();
  if (asyncio == nullptr) return nullptr;
  const bool plain =
      count >= arguments_min && count <= arguments_max && names == nullptr &&
      arguments[2] == Py_None && PyLong_CheckExact(arguments[4]) &&
      reinterpret_cast<PyObject*>(Py_TYPE(arguments[1])) == asyncio->socket_class.get();
  if (!plain || loop.debug) return by_asyncio(loop_object, arguments, count, names);
  PyObject* const factory = arguments[0];
  PyObject* const listener = arguments[1];
  PyObject* const server = arguments[3];
  const long connections_max = PyLong_AsLong(arguments[4]);
  if (connections_max == -1 && PyErr_Occurred() != nullptr) return nullptr;
  // In a steady trickle only one connection waits, and a second accept would be wasted; in a burst
  // the budget doubles. Connections that are left are reported again.
  const long budget = std::min(connections_max, std::max(1L, long{loop.accept_budget}));
  long number = 0;
  for (; number < budget; ++number) {
    // A protocol may close its server.
    const int descriptor = descriptor_in(listener, asyncio->names.fileno.get());
    if (descriptor == -1) break;
    const Accepted accepted = accept_socket(listener, descriptor, *asyncio);
    if (accepted.outcome == Accepted::Outcome::again) break;
    if (accepted.outcome == Accepted::Outcome::failed) {
      if (PyErr_ExceptionMatches(PyExc_ConnectionAbortedError) != 0) {
        PyErr_Clear();
        break;
      }
      if (PyErr_ExceptionMatches(PyExc_OSError) == 0) return nullptr;
      return accept_failed(loop_object, OwnedRef(take_exception()), arguments, count);
    }
    if (!begin_connection(loop, factory, server, accepted)) return nullptr;
  }
  if (PyErr_Occurred() != nullptr) return nullptr;
  loop.accept_budget = static_cast<std::uint32_t>(
      number == budget ? std::min(2 * budget, accept_budget_max) : std::max(number, 1L));
  Py_RETURN_NONE;
}

}  // namespace pelton::py

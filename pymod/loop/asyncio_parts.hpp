// What transports and socket operations use of asyncio: its classes, functions and names.
#pragma once

#include <Python.h>

#include <memory>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// owner.name() or owner.name(argument); a new reference, or null with an error set.
inline PyObject* call_method(PyObject* owner, const OwnedRef& name, PyObject* argument = nullptr) {
  PyObject* values[] = {owner, argument};
  const std::size_t count = argument == nullptr ? 1 : 2;
  return PyObject_VectorcallMethod(name.get(), values, count | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                   nullptr);
}

struct AsyncioParts {
  // Null with an error set.
  static std::unique_ptr<AsyncioParts> make();

  OwnedRef transport_class;  // base of asyncio's own; sendfile() requires it
  OwnedRef buffered_protocol_class;
  OwnedRef transport_socket_class;
  OwnedRef reader_protocol_class;
  OwnedRef reader_class;
  // How the two classes above deliver octets, as the standard library wrote them.
  OwnedRef data_received_function;
  OwnedRef reader_property;
  OwnedRef feed_data_function;
  OwnedRef wakeup_waiter_function;
  OwnedRef logger;
  OwnedRef native_sendfile;  // constants._SendfileMode.TRY_NATIVE
  OwnedRef socket_class;
  OwnedRef plain_socket_class;  // its base, whose members are plain numbers
  OwnedRef socket_family, socket_type, socket_proto;

  struct Names {
    OwnedRef attach, blocking, buffer, buffer_updated, call_exception_handler, cancelled, close,
        connect, connection_lost, connection_made, data, data_received, detach, done, eof,
        eof_received, feed_data, fileno, get_buffer, getpeername, getsockname, gettimeout, limit,
        pause_writing, paused, peername, reader, reader_property, resume_writing, set_exception,
        set_result, sockname, socket, transport, transports, waiter, wakeup_waiter, accept,
        setblocking;
    bool make();
  } names;

 private:
  AsyncioParts() = default;
  bool import();
};

// Whether a socket.socket is set never to block: 1, 0, or -1 with an error set.
inline int never_blocks(PyObject* socket, const AsyncioParts& asyncio) {
  const OwnedRef timeout(call_method(socket, asyncio.names.gettimeout));
  return timeout ? PyFloat_CheckExact(timeout.get()) && PyFloat_AS_DOUBLE(timeout.get()) == 0 : -1;
}

// The value of one of the plain socket class's members; false with an error set.
inline bool plain_member(PyObject* socket, const OwnedRef& member, int& value) {
  const OwnedRef number(
      Py_TYPE(member.get())
          ->tp_descr_get(member.get(), socket, reinterpret_cast<PyObject*>(Py_TYPE(socket))));
  value = number ? int_value(number.get()) : -1;
  return value != -1 || PyErr_Occurred() == nullptr;
}

}  // namespace pelton::py

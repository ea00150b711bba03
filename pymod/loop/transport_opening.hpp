// Makes a stream transport of a socket and a protocol, and ensures that no two share a descriptor.
#pragma once

#include <Python.h>

namespace pelton::py {

struct LoopObject;

// loop._make_socket_transport(sock, protocol, waiter=None, *, extra=None, server=None)
PyObject* make_socket_transport(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                                PyObject* names);
// Opens a connection that a server (or None) has accepted; `extra` is a dict that becomes the
// transport's.
PyObject* open_transport(LoopObject& loop, PyObject* socket, PyObject* protocol, PyObject* extra,
                         PyObject* server);
// False with RuntimeError set if a transport uses the descriptor of this socket.
bool is_without_transport(LoopObject& loop, PyObject* socket, int descriptor);
// The descriptor of a socket; -1 with an error set.
int descriptor_in(PyObject* socket, PyObject* fileno_name);

}  // namespace pelton::py

// The listening socket of a server: asyncio's loop._accept_connection(), which a loop calls when a
// connection may be accepted.
#pragma once

#include <Python.h>

namespace pelton::py {

// _accept_connection(protocol_factory, sock, sslcontext=None, server=None, backlog=100, ...): makes
// a transport with a protocol for each connection that waits. TLS, debug mode and a shortage of
// descriptors are left to asyncio's own method.
PyObject* accept_connections(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                             PyObject* names);

}  // namespace pelton::py

// sock_recv() and its like: methods that return awaitables, which are coroutines in all but their
// class.
#pragma once

#include <Python.h>

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_socket_operation_type();

namespace socket_operations {

PyObject* sock_recv(PyObject* loop, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* sock_recv_into(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                         PyObject* names);
PyObject* sock_sendall(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                       PyObject* names);
PyObject* sock_accept(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names);
PyObject* sock_connect(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                       PyObject* names);

}  // namespace socket_operations

}  // namespace pelton::py

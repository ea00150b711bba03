// The methods of LoopCore that asyncio calls often: scheduling, making futures and tasks, watching
// descriptors. Each does what asyncio.AbstractEventLoop says of the method of this name; the
// signatures are CPython's.
#pragma once

#include <Python.h>

namespace pelton::py::loop_methods {

PyObject* call_soon(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* call_soon_threadsafe(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                               PyObject* names);
PyObject* call_later(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* call_at(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* time(PyObject*, PyObject*);
PyObject* create_future(PyObject* self, PyObject*);
PyObject* create_task(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names);
PyObject* add_reader(PyObject* self, PyObject* const* arguments, Py_ssize_t count);
PyObject* add_writer(PyObject* self, PyObject* const* arguments, Py_ssize_t count);
PyObject* remove_reader(PyObject* self, PyObject* file);
PyObject* remove_writer(PyObject* self, PyObject* file);
PyObject* has_reader(PyObject* self, PyObject* file);
PyObject* has_writer(PyObject* self, PyObject* file);

}  // namespace pelton::py::loop_methods

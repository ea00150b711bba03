// The current task of a step that was begun without one, where asyncio keeps the current task in
// the thread state (CPython 3.14 and newer): asyncio asks nobody there, so an object has to lie
// ready.
//
// A blank is an instance of a subtype of asyncio.Task that was not initialised yet. Every use of it
// first makes the step a task (UntaskedStep::become_task()), and that task is the blank, which is
// initialised then. A blank that nobody has used or kept serves the next step.
#pragma once

#include <Python.h>

namespace pelton::py {

struct LoopObject;

// A new subtype of asyncio.Task, or null with an error set.
PyTypeObject* make_blank_task_type(PyObject* task_type);

// A blank of the loop, which calls forget_loop() before it dies; a new reference, or null with an
// error set.
PyObject* new_blank_task(PyTypeObject* blank_type, LoopObject& loop);
void forget_loop(PyObject* blank);

// Whether anybody beside the given number of owners holds the blank, or refers to it weakly.
bool is_kept(PyObject* blank, Py_ssize_t owners);

// Makes the blank what asyncio.Task(coroutine, loop=, context=) returns. False with an error set,
// and then it is still a blank.
bool fill_blank_task(PyObject* blank, PyObject* coroutine, PyObject* context);

}  // namespace pelton::py

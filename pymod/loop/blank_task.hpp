// The current task of a step that begins without a task, where asyncio keeps the current task in
// the thread state (CPython 3.14 and newer): asyncio reads it there without a call, so an object
// must be in place.
//
// A blank is an instance of a subtype of asyncio.Task that is not initialised yet. Every use of the
// blank first makes the step a task (UntaskedStep::become_task()): the blank is initialised and
// becomes that task. A blank that was neither used nor kept serves the next step.
#pragma once

#include <Python.h>

namespace pelton::py {

struct LoopObject;

// A new subtype of asyncio.Task, or null with an error set.
PyTypeObject* make_blank_task_type(PyObject* task_type);

// A new blank of the loop, or null with an error set. The loop calls forget_loop() before it dies.
PyObject* new_blank_task(PyTypeObject* blank_type, LoopObject& loop);
void forget_loop(PyObject* blank);

// Whether the blank has more than `owners` references, or a weak reference.
bool is_kept(PyObject* blank, Py_ssize_t owners);

// Makes the blank what asyncio.Task(coroutine, loop=, context=) returns. False with an error set,
// and then it is still a blank.
bool fill_blank_task(PyObject* blank, PyObject* coroutine, PyObject* context);

}  // namespace pelton::py

#include "pymod/loop/blank_task.hpp"

#include <cstddef>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

namespace {

// The field after those of asyncio.Task: the loop of a blank, null for an ordinary task.
LoopObject*& loop_of(PyObject* self) {
  char* const end = reinterpret_cast<char*>(self) + Py_TYPE(self)->tp_basicsize;
  return *reinterpret_cast<LoopObject**>(end - sizeof(LoopObject*));
}

// Makes the step a task and returns asyncio.Task, whose slot then serves the caller; null with an
// error set. Between two steps a blank stays blank, and asyncio reports that it is not initialised.
PyTypeObject* use(PyObject* self) {
  const LoopObject* const loop = loop_of(self);
  UntaskedStep* const step = loop == nullptr ? nullptr : loop->untasked;
  return step != nullptr && !step->become_task() ? nullptr : Py_TYPE(self)->tp_base;
}

PyObject* get_attribute(PyObject* self, PyObject* name) {
  PyTypeObject* const task = use(self);
  return task == nullptr ? nullptr : task->tp_getattro(self, name);
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
  PyTypeObject* const task = use(self);
  return task == nullptr ? -1 : task->tp_setattro(self, name, value);
}

PyObject* represent(PyObject* self) {
  PyTypeObject* const task = use(self);
  if (task == nullptr) return nullptr;
  return loop_of(self) != nullptr ? PyUnicode_FromString("<Task blank>") : task->tp_repr(self);
}

PyObject* iterate(PyObject* self) {
  PyTypeObject* const task = use(self);
  return task == nullptr ? nullptr : task->tp_iter(self);
}

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("The asyncio.Task of a handler that has asked for it.")},
    {Py_tp_getattro, reinterpret_cast<void*>(get_attribute)},
    {Py_tp_setattro, reinterpret_cast<void*>(set_attribute)},
    {Py_tp_repr, reinterpret_cast<void*>(represent)},
    {Py_tp_iter, reinterpret_cast<void*>(iterate)},
    {Py_am_await, reinterpret_cast<void*>(iterate)},
    {0, nullptr}};

}  // namespace

PyTypeObject* make_blank_task_type(PyObject* task_type) {
  const auto* const base = reinterpret_cast<const PyTypeObject*>(task_type);
  const auto bytes = static_cast<std::size_t>(base->tp_basicsize) + sizeof(LoopObject*);
  PyType_Spec spec = {.name = "pelton._native.Task",
                      .basicsize = static_cast<int>(bytes),
                      .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      .slots = slots};
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpecWithBases(&spec, task_type));
}

PyObject* new_blank_task(PyTypeObject* blank_type, LoopObject& loop) {
  PyObject* const blank = blank_type->tp_alloc(blank_type, 0);
  if (blank == nullptr) return nullptr;
  // The blank refers to nothing, and code that walks all objects should not find it.
  PyObject_GC_UnTrack(blank);
  loop_of(blank) = &loop;
  return blank;
}

void forget_loop(PyObject* blank) {
  loop_of(blank) = nullptr;
}

bool is_kept(PyObject* blank, Py_ssize_t owners) {
  return Py_REFCNT(blank) > owners || has_weak_references(blank);
}

bool fill_blank_task(PyObject* blank, PyObject* coroutine, PyObject* context) {
  auto* const loop = reinterpret_cast<PyObject*>(loop_of(blank));
  const OwnedRef arguments(PyTuple_Pack(1, coroutine));
  const OwnedRef named(Py_BuildValue("{sOsO}", "loop", loop, "context", context));
  if (!arguments || !named) return false;
  LoopObject* const before = std::exchange(loop_of(blank), nullptr);
  PyObject_GC_Track(blank);
  if (Py_TYPE(blank)->tp_base->tp_init(blank, arguments.get(), named.get()) == 0) return true;
  PyObject_GC_UnTrack(blank);
  loop_of(blank) = before;
  return false;
}

}  // namespace pelton::py

// The differences between CPython 3.11 and 3.14 in what the C++ code uses. No other C++ file looks
// at the version; the Python half has pelton/python_versions.py.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>

namespace pelton::py {

// True for an int of one digit (30 bits), whose value is then in `value`.
inline bool small_integer(PyObject* integer, std::int64_t& value) {
#if PY_VERSION_HEX >= 0x030c0000
  const auto* number = reinterpret_cast<const PyLongObject*>(integer);
  if (!PyUnstable_Long_IsCompact(number)) return false;
  value = PyUnstable_Long_CompactValue(number);
  return true;
#else
  const Py_ssize_t size = Py_SIZE(integer);
  if (size < -1 || size > 1) return false;
  value = size * std::int64_t{reinterpret_cast<const PyLongObject*>(integer)->ob_digit[0]};
  return true;
#endif
}

// The value of an int, or of an object with __index__(); -1 with an error set, OverflowError if it
// does not fit.
inline int int_value(PyObject* integer) {
#if PY_VERSION_HEX >= 0x030d0000
  return PyLong_AsInt(integer);
#else
  return _PyLong_AsInt(integer);
#endif
}

// Sets StopIteration(value), as a generator does that returns; also for a tuple or an exception,
// which PyErr_SetObject() alone would take for the arguments or for the exception itself.
inline void set_stop_value(PyObject* value) {
  PyObject* const stop = PyObject_CallOneArg(PyExc_StopIteration, value);
  if (stop == nullptr) return;
  PyErr_SetObject(PyExc_StopIteration, stop);
  Py_DECREF(stop);
}

// Big-endian, unsigned; false with OverflowError set when it does not fit.
inline bool integer_to_octets(PyObject* integer, unsigned char* octets, std::size_t bytes) {
  auto* number = reinterpret_cast<PyLongObject*>(integer);
#if PY_VERSION_HEX >= 0x030d0000
  return _PyLong_AsByteArray(number, octets, bytes, 0, 0, 1) == 0;
#else
  return _PyLong_AsByteArray(number, octets, bytes, 0, 0) == 0;
#endif
}

// Before 3.12 a str may still wait for its final form; false with an error set.
inline bool make_ready(PyObject* text) {
#if PY_VERSION_HEX >= 0x030c0000
  static_cast<void>(text);
  return true;
#else
  return PyUnicode_READY(text) == 0;
#endif
}

// Takes the exception that is set, traceback attached; none set gives null.
inline PyObject* take_exception() {
#if PY_VERSION_HEX >= 0x030c0000
  return PyErr_GetRaisedException();
#else
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  if (type == nullptr) return nullptr;
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(traceback);
  Py_DECREF(type);
  return value;
#endif
}

// Clears a StopIteration that is set and returns its value: a new reference, or null with an error
// set.
inline PyObject* take_stop_value() {
  PyObject* const stop = take_exception();
  PyObject* const value = PyObject_GetAttrString(stop, "value");
  Py_DECREF(stop);
  return value;
}

// The hash of an object's identity.
inline Py_hash_t hash_of_identity(PyObject* object) {
#if PY_VERSION_HEX >= 0x030d0000
  return Py_HashPointer(object);
#else
  return _Py_HashPointer(object);
#endif
}

// Whether a weak reference to the object exists. Its type supports them.
inline bool has_weak_references(PyObject* object) {
  const auto* const place =
      reinterpret_cast<const char*>(object) + Py_TYPE(object)->tp_weaklistoffset;
  return *reinterpret_cast<PyObject* const*>(place) != nullptr;
}

// A new reference to the object of a weak reference; null once the object is gone.
inline PyObject* referent(PyObject* weak_reference) {
#if PY_VERSION_HEX >= 0x030d0000
  PyObject* object = nullptr;
  PyWeakref_GetRef(weak_reference, &object);
  return object;
#else
  PyObject* const object = PyWeakref_GetObject(weak_reference);
  return object == Py_None ? nullptr : Py_XNewRef(object);
#endif
}

// A number that changes whenever the type or one of its bases changes, and that no other type ever
// has; 0 where the interpreter has not given one.
inline unsigned type_version(const PyTypeObject* type) {
#if PY_VERSION_HEX >= 0x030d0000
  return type->tp_version_tag;
#else
  return (type->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG) != 0 ? type->tp_version_tag : 0;
#endif
}

// Takes `count` references off None, where None is counted at all.
inline void give_back_none(Py_ssize_t count) {
#if PY_VERSION_HEX >= 0x030c0000
  static_cast<void>(count);
#else
  Py_SET_REFCNT(Py_None, Py_REFCNT(Py_None) - count);
#endif
}

// Whether asyncio keeps the current task in the thread state; else it is in a dictionary, whose
// keys are loops.
inline constexpr bool current_task_on_thread = PY_VERSION_HEX >= 0x030e0000;

// Whether the handle of a callback that another thread scheduled makes that thread wait while the
// callback runs.
inline constexpr bool handles_of_threads_lock = PY_VERSION_HEX >= 0x030e0000;

// Whether the collector knows of every dictionary; else only of those that hold containers.
inline constexpr bool new_dicts_are_tracked = PY_VERSION_HEX >= 0x030e0000;

// Whether the methods by which asyncio's servers count transports take the transport.
inline constexpr bool server_names_transports = PY_VERSION_HEX >= 0x030d0000;

// Whether asyncio refuses a transport the descriptor of another transport.
inline constexpr bool transports_are_exclusive = PY_VERSION_HEX >= 0x030c0000;

// Whether ints, floats, ASCII strings, contexts and dictionaries lie in memory as this file and
// dict_walk.hpp lay them out.
#if PY_VERSION_HEX < 0x030f0000 && !defined(Py_GIL_DISABLED) && !defined(Py_TRACE_REFS) && \
    !defined(PYPY_VERSION)
inline constexpr bool value_layouts_known = true;
#else
inline constexpr bool value_layouts_known = false;
#endif

// The variables of a context, borrowed and valid until the context changes. Null where the layout
// is not known.
inline PyObject* variables_of(PyObject* context) {
  if constexpr (value_layouts_known) {
    struct Layout {
      PyObject_HEAD PyObject* entered_before;
      PyObject* variables;
    };
    return reinterpret_cast<const Layout*>(context)->variables;
  } else {
    static_cast<void>(context);
    return nullptr;
  }
}

// Whether two contexts have the same variables with the same values; quick while a copy still
// shares the variables of its original. False is allowed if variables were changed and set back.
inline bool same_variables(PyObject* context, PyObject* other, PyObject* variables_of_other) {
  if constexpr (value_layouts_known) {
    static_cast<void>(other);
    return variables_of(context) == variables_of_other;
  } else {
    static_cast<void>(variables_of_other);
    return PyObject_RichCompareBool(context, other, Py_EQ) == 1;
  }
}

// The context in which this thread runs; a new reference, null with an error set.
inline PyObject* running_context() {
  PyObject* const context = PyThreadState_Get()->context;
  return context != nullptr ? Py_NewRef(context) : PyContext_CopyCurrent();
}

// Leaves the object as _Py_NewReference leaves an object of a static type.
inline void begin_object(PyObject* object, PyTypeObject* type) {
  Py_SET_TYPE(object, type);
  // Not by Py_SET_REFCNT: from 3.12 on it leaves an object that looks immortal as it is, and what
  // lay in this memory before can look so.
#if PY_VERSION_HEX >= 0x030e0000
  object->ob_refcnt_full = 1;  // the flags of the object too
#else
  object->ob_refcnt = 1;
#endif
}

// Makes the state compact ASCII, not interned, without the wide form that 3.11 may still keep.
inline void begin_ascii(PyASCIIObject* text) {
  text->state = {};
  text->state.kind = PyUnicode_1BYTE_KIND;
  text->state.compact = 1;
  text->state.ascii = 1;
#if PY_VERSION_HEX < 0x030c0000
  text->state.ready = 1;
  text->wstr = nullptr;
#endif
}

// The size of an int without its digits, and the place of the digits of an int that has `count`.
#if PY_VERSION_HEX >= 0x030c0000
inline constexpr std::size_t integer_bytes = offsetof(PyLongObject, long_value.ob_digit);
#else
inline constexpr std::size_t integer_bytes = offsetof(PyLongObject, ob_digit);
#endif
inline digit* begin_integer(PyLongObject* number, bool negative, int count) {
#if PY_VERSION_HEX >= 0x030c0000
  constexpr int count_shift = 3;
  number->long_value.lv_tag =
      static_cast<std::uintptr_t>(count) << count_shift | (negative ? 2u : 0u);
  return number->long_value.ob_digit;
#else
  Py_SET_SIZE(number, negative ? -count : count);
  return number->ob_digit;
#endif
}

}  // namespace pelton::py

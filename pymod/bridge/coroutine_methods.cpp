#include "pymod/bridge/coroutine_methods.hpp"

#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {

PyObject* method_result(PySendResult kind, PyObject* result) {
  if (kind == PYGEN_RETURN) {
    if (result == Py_None) {
      PyErr_SetNone(PyExc_StopIteration);
    } else {
      set_stop_value(result);
    }
    Py_DECREF(result);
    return nullptr;
  }
  return kind == PYGEN_NEXT ? result : nullptr;
}

OwnedRef thrown(PyObject* arguments) {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  if (!PyArg_UnpackTuple(arguments, "throw", 1, 3, &type, &value, &traceback)) return OwnedRef();
  if (!PyExceptionClass_Check(type)) return OwnedRef::share(type);
  return OwnedRef(value == nullptr || value == Py_None ? PyObject_CallNoArgs(type)
                  : PyExceptionInstance_Check(value)   ? Py_NewRef(value)
                                                       : PyObject_CallOneArg(type, value));
}

OwnedRef awaited(PyObject* awaitable) {
  if (PyCoro_CheckExact(awaitable)) return OwnedRef::share(awaitable);
  const PyAsyncMethods* const methods = Py_TYPE(awaitable)->tp_as_async;
  if (methods != nullptr && methods->am_await != nullptr) {
    return OwnedRef(methods->am_await(awaitable));
  }
  PyErr_Format(PyExc_TypeError, "object %.100s can't be used in 'await' expression",
               Py_TYPE(awaitable)->tp_name);
  return OwnedRef();
}

}  // namespace pelton::py

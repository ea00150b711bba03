#include "pymod/bridge/exceptions.hpp"

namespace pelton::py {

namespace {

OwnedRef type_of(const char* module_name, const char* name) {
  const OwnedRef module(PyImport_ImportModule(module_name));
  return OwnedRef(module ? PyObject_GetAttrString(module.get(), name) : nullptr);
}

bool is_instance(BorrowedRef exception, const char* module_name, const char* name) {
  const OwnedRef type = type_of(module_name, name);
  if (type) return PyErr_GivenExceptionMatches(exception.get(), type.get()) != 0;
  PyErr_Clear();
  return false;
}

}  // namespace

OwnedRef cancelled_error() {
  const OwnedRef type = type_of("asyncio.exceptions", "CancelledError");
  return OwnedRef(type ? PyObject_CallNoArgs(type.get()) : nullptr);
}

bool is_cancelled(BorrowedRef exception) {
  return is_instance(exception, "asyncio.exceptions", "CancelledError");
}

bool is_disconnect(BorrowedRef exception) {
  return is_instance(exception, "pelton.errors", "ClientDisconnected");
}

void raise(BorrowedRef exception) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
}

void log_lost(ApplicationState& application, BorrowedRef request, BorrowedRef exception) {
  const OwnedRef logged(PyObject_CallFunctionObjArgs(application.hooks.log_lost.get(),
                                                     request ? request.get() : Py_None,
                                                     exception.get(), nullptr));
  if (!logged) PyErr_WriteUnraisable(application.hooks.log_lost.get());
}

}  // namespace pelton::py

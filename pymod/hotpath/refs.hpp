// The type of a Python reference says who owns it: OwnedRef gives its count back when it dies,
// BorrowedRef relies on another owner to keep the object alive.
#pragma once

#include <Python.h>

#include <utility>

namespace pelton::py {

class BorrowedRef {
 public:
  BorrowedRef() = default;
  // Implicit on purpose: what the C API hands out as borrowed is a bare pointer.
  BorrowedRef(PyObject* object) : object_(object) {}

  PyObject* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

class OwnedRef {
 public:
  OwnedRef() = default;
  // Takes over a new reference; null stands for "a Python error is set".
  explicit OwnedRef(PyObject* stolen) : object_(stolen) {}
  OwnedRef(OwnedRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  OwnedRef& operator=(OwnedRef&& other) noexcept {
    // The new value is in place before the old one dies: its finalizer may use this reference.
    PyObject* old = std::exchange(object_, std::exchange(other.object_, nullptr));
    Py_XDECREF(old);
    return *this;
  }
  OwnedRef(const OwnedRef&) = delete;
  OwnedRef& operator=(const OwnedRef&) = delete;
  ~OwnedRef() { Py_XDECREF(object_); }

  // A further count on an object that is alive (or null).
  static OwnedRef share(BorrowedRef ref) {
    Py_XINCREF(ref.get());
    return OwnedRef(ref.get());
  }

  PyObject* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  operator BorrowedRef() const { return BorrowedRef(object_); }

  // Hands the count to the caller.
  [[nodiscard]] PyObject* release() { return std::exchange(object_, nullptr); }

 private:
  PyObject* object_ = nullptr;
};

}  // namespace pelton::py

// The half of a stream transport that writes.
#include <sys/socket.h>

#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/stream_transport.hpp"

namespace pelton::py {

using Side = DescriptorWatches::Side;

namespace {

// As asyncio.constants.LOG_THRESHOLD_FOR_CONNLOST_WRITES.
constexpr unsigned lost_writes_kept_quiet = 5;
constexpr char write_failed[] = "Fatal write error on socket transport";

// A view of the octets to write; without one an error is set.
class Octets {
 public:
  // Of bytes, a bytearray or a memoryview.
  explicit Octets(PyObject* data) {
    if (PyBytes_Check(data)) [[likely]] {
      view_.buf = PyBytes_AS_STRING(data);
      view_.len = PyBytes_GET_SIZE(data);
      known_ = true;
    } else {
      known_ = has_view_ = PyObject_GetBuffer(data, &view_, PyBUF_SIMPLE) == 0;
    }
  }
  Octets(const Octets&) = delete;
  Octets& operator=(const Octets&) = delete;
  ~Octets() {
    if (has_view_) PyBuffer_Release(&view_);
  }

  explicit operator bool() const { return known_; }
  const char* data() const { return static_cast<const char*>(view_.buf); }
  std::size_t size() const { return static_cast<std::size_t>(view_.len); }

 private:
  Py_buffer view_{};
  bool known_ = false;
  bool has_view_ = false;
};

bool is_octets(PyObject* data) {
  return PyBytes_Check(data) || PyByteArray_Check(data) || PyMemoryView_Check(data);
}

// Queued octets must not change, so anything but exact bytes is copied. `sent` applies to the
// object that is returned; null with an error set.
OwnedRef lasting(PyObject* data, const Octets& octets, std::size_t& sent) {
  if (PyBytes_CheckExact(data)) return OwnedRef::share(data);
  const std::size_t before = std::exchange(sent, 0);
  return OwnedRef(PyBytes_FromStringAndSize(octets.data() + before,
                                            static_cast<Py_ssize_t>(octets.size() - before)));
}

}  // namespace

// False without an error if the connection is lost, and with it what is written.
bool StreamTransport::may_write() {
  if (lost_count == 0) [[likely]]
    return true;
  if (lost_count >= lost_writes_kept_quiet) {
    const OwnedRef module(PyImport_ImportModule("asyncio.log"));
    const OwnedRef logger(module ? PyObject_GetAttrString(module.get(), "logger") : nullptr);
    if (logger) {
      Py_XDECREF(
          PyObject_CallMethod(logger.get(), "warning", "s", "socket.send() raised exception."));
    }
  }
  ++lost_count;
  return false;
}

bool StreamTransport::write(PyObject* data) {
  if (!is_octets(data)) {
    const OwnedRef name(
        PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(data)), "__name__"));
    if (name) {
      PyErr_Format(PyExc_TypeError, "data argument must be a bytes-like object, not %R",
                   name.get());
    }
    return false;
  }
  if (has_ended) {
    PyErr_SetString(PyExc_RuntimeError, "Cannot call write() after write_eof()");
    return false;
  }
  if (empty_waiter != nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "unable to write; sendfile is in progress");
    return false;
  }
  const Octets octets(data);
  if (octets && octets.size() == 0) return true;
  if (!may_write()) return PyErr_Occurred() == nullptr;
  if (!octets) return must_leave() ? false : fail(write_failed);
  std::size_t sent = 0;
  if (queue.empty()) {
    const ssize_t taken =
        ::send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken == static_cast<ssize_t>(octets.size())) [[likely]]
      return true;
    if (taken < 0 && !would_block(errno)) {
      PyErr_SetFromErrno(PyExc_OSError);
      return fail(write_failed);
    }
    if (taken > 0) sent = static_cast<std::size_t>(taken);
    watch(Side::writer);
  }
  OwnedRef kept = lasting(data, octets, sent);
  if (!kept) return false;
  queue.push(std::move(kept), sent);
  return pause_protocol();
}

bool StreamTransport::write_all(PyObject* pieces) {
  const OwnedRef all(
      PySequence_Fast(pieces, "writelines() takes an iterable of bytes-like objects"));
  if (!all) return false;
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(all.get());
  if (count == 0) return true;
  if (has_ended) {
    PyErr_SetString(PyExc_RuntimeError, "Cannot call writelines() after write_eof()");
    return false;
  }
  if (empty_waiter != nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "unable to writelines; sendfile is in progress");
    return false;
  }
  // Nothing is queued before all are known to be octets.
  std::vector<OwnedRef> kept;
  kept.reserve(static_cast<std::size_t>(count));
  for (Py_ssize_t index = 0; index < count; ++index) {
    PyObject* const piece = PySequence_Fast_GET_ITEM(all.get(), index);
    const OwnedRef view(PyBytes_CheckExact(piece) ? nullptr : PyMemoryView_FromObject(piece));
    if (!PyBytes_CheckExact(piece) && !view) return false;
    kept.push_back(view ? OwnedRef(PyBytes_FromObject(view.get())) : OwnedRef::share(piece));
    if (!kept.back()) return false;
  }
  if (!may_write()) return PyErr_Occurred() == nullptr;
  const bool waited = !queue.empty();
  for (OwnedRef& piece : kept) {
    if (PyBytes_GET_SIZE(piece.get()) != 0) queue.push(std::move(piece), 0);
  }
  if (!waited && !queue.empty()) {
    const ssize_t taken = queue.send(descriptor);
    if (taken < 0 && !would_block(static_cast<int>(-taken))) {
      return output_failed(static_cast<int>(-taken));
    }
    if (!queue.empty()) watch(Side::writer);
  }
  return pause_protocol();
}

bool StreamTransport::output_failed(int error) {
  unwatch(Side::writer);
  queue.clear();
  errno = error;
  PyErr_SetFromErrno(PyExc_OSError);
  const OwnedRef failure(empty_waiter == nullptr ? nullptr : take_exception());
  if (failure) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(failure.get())), failure.get());
  }
  if (!fail(write_failed)) return false;
  return !failure || settle_future(parts(), empty_waiter, failure.get());
}

bool StreamTransport::write_more() {
  if (lost_count != 0 || queue.empty()) return true;
  const ssize_t taken = queue.send(descriptor);
  if (taken < 0) {
    return would_block(static_cast<int>(-taken)) || output_failed(static_cast<int>(-taken));
  }
  // The protocol's callback may write again.
  if (!resume_protocol()) return false;
  if (!queue.empty() || loop == nullptr) return true;
  unwatch(Side::writer);
  if (empty_waiter != nullptr && !settle_future(parts(), empty_waiter, nullptr)) return false;
  if (is_closing) {
    if (lost_count != 0) return true;  // aborted meanwhile: connection_lost() follows
    ++lost_count;
    return lose(OwnedRef());
  }
  return !has_ended || shut_down_output();
}

bool StreamTransport::shut_down_output() {
  if (::shutdown(descriptor, SHUT_WR) == 0) return true;
  PyErr_SetFromErrno(PyExc_OSError);
  return false;
}

bool StreamTransport::end_output() {
  if (is_closing || has_ended) return true;
  has_ended = true;
  return !queue.empty() || shut_down_output();
}

bool StreamTransport::set_limits(PyObject* high_object, PyObject* low_object) {
  Py_ssize_t high = high_water_default;
  Py_ssize_t low = 0;
  if (low_object != Py_None) {
    low = PyNumber_AsSsize_t(low_object, nullptr);
    if (low == -1 && PyErr_Occurred() != nullptr) return false;
    high = low > PY_SSIZE_T_MAX / 4 ? PY_SSIZE_T_MAX : 4 * low;
  }
  if (high_object != Py_None) {
    high = PyNumber_AsSsize_t(high_object, nullptr);
    if (high == -1 && PyErr_Occurred() != nullptr) return false;
  }
  if (low_object == Py_None) low = high / 4;
  if (high < low || low < 0) {
    const OwnedRef high_said(PyLong_FromSsize_t(high));
    const OwnedRef low_said(PyLong_FromSsize_t(low));
    if (high_said && low_said) {
      PyErr_Format(PyExc_ValueError, "high (%R) must be >= low (%R) must be >= 0", high_said.get(),
                   low_said.get());
    }
    return false;
  }
  high_water = static_cast<std::size_t>(high);
  low_water = static_cast<std::size_t>(low);
  return pause_protocol();
}

bool StreamTransport::pause_protocol() {
  if (queue.bytes() <= high_water || protocol_is_paused) [[likely]]
    return true;
  protocol_is_paused = true;
  if (OwnedRef(call_method(protocol, parts().names.pause_writing))) return true;
  if (must_leave()) return false;
  const OwnedRef error(take_exception());
  return tell("protocol.pause_writing() failed", error.get());
}

bool StreamTransport::resume_protocol() {
  if (!protocol_is_paused || queue.bytes() > low_water) return true;
  protocol_is_paused = false;
  if (OwnedRef(call_method(protocol, parts().names.resume_writing))) return true;
  if (must_leave()) return false;
  const OwnedRef error(take_exception());
  return tell("protocol.resume_writing() failed", error.get());
}

}  // namespace pelton::py

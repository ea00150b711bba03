#include "pymod/loop/write_queue.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace pelton::py {

namespace {

// More would rarely fit into a socket's buffer; the rest goes with the next call.
constexpr std::size_t parts_per_call = 64;

std::size_t size_of(const OwnedRef& bytes) {
  return static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.get()));
}

}  // namespace

void WriteQueue::push(OwnedRef bytes, std::size_t sent) {
  bytes_ += size_of(bytes) - sent;
  parts_.push_back({.bytes = std::move(bytes), .sent = sent});
}

ssize_t WriteQueue::send(int descriptor) {
  ssize_t total = 0;
  while (!empty()) {
    std::size_t offered = 0;
    const ssize_t taken = send_some(descriptor, offered);
    if (taken < 0) return total > 0 ? total : taken;
    total += taken;
    if (static_cast<std::size_t>(taken) < offered) break;
  }
  return total;
}

ssize_t WriteQueue::send_some(int descriptor, std::size_t& offered) {
  std::array<iovec, parts_per_call> pieces;
  const std::size_t count = std::min(parts_.size() - first_, parts_per_call);
  for (std::size_t index = 0; index < count; ++index) {
    const Part& part = parts_[first_ + index];
    pieces[index] = {.iov_base = PyBytes_AS_STRING(part.bytes.get()) + part.sent,
                     .iov_len = size_of(part.bytes) - part.sent};
    offered += pieces[index].iov_len;
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  const ssize_t taken = ::sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (taken < 0) return -errno;
  auto left = static_cast<std::size_t>(taken);
  bytes_ -= left;
  while (left != 0) {
    Part& first = parts_[first_];
    const std::size_t rest = size_of(first.bytes) - first.sent;
    if (left < rest) {
      first.sent += left;
      break;
    }
    left -= rest;
    drop_first();
  }
  return taken;
}

void WriteQueue::drop_first() {
  parts_[first_++].bytes = OwnedRef();
  if (first_ == parts_.size()) {
    parts_.clear();
    first_ = 0;
  } else if (first_ >= parts_per_call && first_ * 2 > parts_.size()) {
    parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void WriteQueue::clear() {
  parts_.clear();
  first_ = 0;
  bytes_ = 0;
}

PyObject* WriteQueue::contents() const {
  PyObject* const made = PyTuple_New(static_cast<Py_ssize_t>(parts_.size() - first_));
  if (made == nullptr) return nullptr;
  Py_ssize_t index = 0;
  for (std::size_t at = first_; at < parts_.size(); ++at) {
    const Part& part = parts_[at];
    PyObject* const piece =
        PyBytes_FromStringAndSize(PyBytes_AS_STRING(part.bytes.get()) + part.sent,
                                  static_cast<Py_ssize_t>(size_of(part.bytes) - part.sent));
    if (piece == nullptr) {
      Py_DECREF(made);
      return nullptr;
    }
    PyTuple_SET_ITEM(made, index++, piece);
  }
  return made;
}

}  // namespace pelton::py

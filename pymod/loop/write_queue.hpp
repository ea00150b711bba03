// Octets written to a transport that the kernel has not taken yet: references to bytes, sent many
// at a time.
#pragma once

#include <Python.h>
#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class WriteQueue {
 public:
  WriteQueue() = default;
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  bool empty() const { return first_ == parts_.size(); }
  std::size_t bytes() const { return bytes_; }

  // Queues an exact bytes object without its first `sent` octets; it has more than those.
  void push(OwnedRef bytes, std::size_t sent);
  // Sends until the kernel takes no more. Returns how many octets it took, or -errno if none. The
  // queue must not be empty.
  ssize_t send(int descriptor);
  void clear();

  // The queued octets as (bytes, ...); null with an error set.
  PyObject* contents() const;

 private:
  struct Part {
    OwnedRef bytes;
    std::size_t sent;
  };

  void drop_first();
  // One sendmsg(2); `offered` is what it was given.
  ssize_t send_some(int descriptor, std::size_t& offered);

  std::vector<Part> parts_;
  std::size_t first_ = 0;  // those before it have been sent
  std::size_t bytes_ = 0;
};

}  // namespace pelton::py

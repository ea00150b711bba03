// What a transport has been given and the kernel has not taken yet: references to bytes, sent
// many at a time.
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

  // An exact bytes object without its first `sent` octets, of which it has more.
  void push(OwnedRef bytes, std::size_t sent);
  // Until the kernel takes no more: how many octets it took, or -errno if none. Of a queue that is
  // not empty.
  ssize_t send(int descriptor);
  void clear();

  // (bytes, ...) as they stand; null with an error set.
  PyObject* contents() const;

 private:
  struct Part {
    OwnedRef bytes;
    std::size_t sent;
  };

  void drop_first();
  // One sendmsg(2); `offered` says what it was given.
  ssize_t send_some(int descriptor, std::size_t& offered);

  std::vector<Part> parts_;
  std::size_t first_ = 0;  // those before it have been sent
  std::size_t bytes_ = 0;
};

}  // namespace pelton::py

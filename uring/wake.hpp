// Wakes a loop from another thread: an eventfd that the loop polls (eventfd(2)).
#pragma once

#include "uring/engine.hpp"

namespace pelton::uring {

class Wake {
 public:
  // Opens the eventfd; CHECKs that the process can still open a descriptor.
  Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  ~Wake();

  // Any thread, also a signal handler. Several before the loop looks count as one.
  void signal() const;
  // The loop's thread: forgets the signals so far.
  void drain() const;
  Descriptor descriptor() const { return descriptor_; }

 private:
  Descriptor descriptor_;
};

}  // namespace pelton::uring

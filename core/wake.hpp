// Wakes a thread that waits for a descriptor: an eventfd (eventfd(2)).
#pragma once

#include <cstdint>

namespace pelton {

class Wake {
 public:
  // Opens the eventfd; CHECKs that the process can still open a descriptor.
  Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  ~Wake();

  // Any thread, also a signal handler. Several signals before drain() count as one.
  void signal() const;
  // On the waiting thread: clears the signals so far.
  void drain() const;
  // Waits for a signal; false if none came in that time.
  bool wait_for(std::uint64_t milliseconds) const;
  // Readable after a signal, until drain().
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace pelton

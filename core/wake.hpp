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

  // Any thread, also a signal handler. Several before the waiting thread looks count as one.
  void signal() const;
  // The thread that waits: forgets the signals so far.
  void drain() const;
  // Waits for a signal. False if none came for so long.
  bool wait_for(std::uint64_t milliseconds) const;
  // Readable once there was a signal.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace pelton

// add_reader() and add_writer(): who is called while a descriptor is ready. One poll of the engine
// serves both sides of a descriptor.
#pragma once

#include <Python.h>

#include <cstdint>
#include <vector>

#include "pymod/hotpath/refs.hpp"
#include "uring/engine.hpp"

namespace noria::py {

class ReadyQueue;

class DescriptorWatches {
 public:
  enum class Side : std::uint8_t { reader, writer };

  DescriptorWatches() = default;
  DescriptorWatches(const DescriptorWatches&) = delete;
  DescriptorWatches& operator=(const DescriptorWatches&) = delete;

  // Who was there before, or null. A handle is pushed as often as its side is ready.
  OwnedRef set(uring::Descriptor descriptor, Side side, OwnedRef handle);
  OwnedRef remove(uring::Descriptor descriptor, Side side);
  // Borrowed; null if nobody waits.
  PyObject* find(uring::Descriptor descriptor, Side side) const;

  // What was and will be set is polled by this engine, from its next turn on.
  void attach(uring::Engine& engine);
  // Nothing is polled from now on; each poll still has to end.
  void call_off();
  void ended() { --in_flight_; }
  // The engine is about to go, and every poll with it.
  void detach();
  void completed(const uring::Completion& completion, ReadyQueue& ready);

  void clear();
  int traverse(visitproc visit, void* arg) const;
  // Polls whose last completion has not come.
  std::size_t in_flight() const { return in_flight_; }

 private:
  struct Watch {
    OwnedRef handles[2];
    std::uint32_t generation = 0;
    std::uint32_t polled = 0;  // the events that are asked for; 0: no poll is in flight
  };

  void update(uring::Descriptor descriptor, Watch& watch);

  uring::Engine* engine_ = nullptr;
  std::vector<Watch> watches_;  // by descriptor
  std::size_t in_flight_ = 0;
};

}  // namespace noria::py

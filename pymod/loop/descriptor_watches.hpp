// Who is called while a descriptor is ready: callbacks of add_reader() and add_writer(),
// transports, and operations on sockets. One poll of the engine serves both sides of a descriptor.
#pragma once

#include <Python.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/receiver.hpp"
#include "uring/engine.hpp"

namespace pelton::py {

class ReadyQueue;

class DescriptorWatches {
 public:
  enum class Side : std::uint8_t { reader, writer };
  enum class Kind : std::uint8_t {
    handle,
    receiver,   // takes all there is once it is told
    operation,  // a receiver that has what it wants once its side was ready
  };

  DescriptorWatches() = default;
  DescriptorWatches(const DescriptorWatches&) = delete;
  DescriptorWatches& operator=(const DescriptorWatches&) = delete;

  // Who was there before, or null. Who watches is pushed as often as its side is ready.
  OwnedRef set(uring::Descriptor descriptor, Side side, OwnedRef watcher, Kind kind = Kind::handle);
  // An operation on a Python socket. The poll outlives it, and serves the next one on that socket.
  OwnedRef set_operation(uring::Descriptor descriptor, Side side, OwnedRef operation,
                         PyObject* socket);
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
  // Polls were called off since the last time; until the engine knows, it may hold on to what they
  // were of.
  bool take_called_off() { return std::exchange(called_off_, false); }
  bool called_off() const { return called_off_; }

 private:
  struct Watch {
    OwnedRef watchers[2];
    Kind kinds[2] = {};
    // Whom the poll was begun for, if by an operation: a weak reference. While that socket lives
    // the descriptor is surely still the same.
    OwnedRef socket;
    bool lingers = false;  // more may be polled than somebody waits for
    std::uint32_t generation = 0;
    std::uint32_t polled = 0;  // the events that are asked for; 0: no poll is in flight

    bool news_only = false;  // whoever it is for has been told of what is ready by now

    std::uint32_t wanted() const;
    bool wants_news_only() const;
  };

  Watch& watch_of(uring::Descriptor descriptor);
  void update(uring::Descriptor descriptor, Watch& watch);
  void ask(uring::Descriptor descriptor, Watch& watch, std::uint32_t events);
  static void push(Watch& watch, Side side, bool to_end, ReadyQueue& ready);

  uring::Engine* engine_ = nullptr;
  std::vector<Watch> watches_;  // by descriptor
  std::size_t in_flight_ = 0;
  bool called_off_ = false;
};

}  // namespace pelton::py

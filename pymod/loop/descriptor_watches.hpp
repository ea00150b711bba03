// What is called when a descriptor is ready: callbacks of add_reader() and add_writer(),
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
    receiver,   // reads or writes all it can when its side is ready
    operation,  // a receiver that is removed when its side is ready
  };

  DescriptorWatches() = default;
  DescriptorWatches(const DescriptorWatches&) = delete;
  DescriptorWatches& operator=(const DescriptorWatches&) = delete;

  // Returns the watcher before this one, or null. The watcher is pushed whenever its side is ready.
  OwnedRef set(uring::Descriptor descriptor, Side side, OwnedRef watcher, Kind kind = Kind::handle);
  // Sets an operation on a Python socket. The poll outlives the operation and serves the next one
  // on that socket.
  OwnedRef set_operation(uring::Descriptor descriptor, Side side, OwnedRef operation,
                         PyObject* socket);
  OwnedRef remove(uring::Descriptor descriptor, Side side);
  // The watcher, borrowed; null if there is none.
  PyObject* find(uring::Descriptor descriptor, Side side) const;

  // From its next turn on, this engine polls for all watchers, present and future.
  void attach(uring::Engine& engine);
  // Cancels all polls; the last completion of each is still to come.
  void call_off();
  void ended() { --in_flight_; }
  // Forgets the engine and all its polls.
  void detach();
  void completed(const uring::Completion& completion, ReadyQueue& ready);

  void clear();
  int traverse(visitproc visit, void* arg) const;
  // Polls whose last completion has not come.
  std::size_t in_flight() const { return in_flight_; }
  // Whether polls were cancelled since the last call. Until the engine's next turn the engine may
  // keep their descriptors open.
  bool take_called_off() { return std::exchange(called_off_, false); }
  bool called_off() const { return called_off_; }

 private:
  struct Watch {
    OwnedRef watchers[2];
    Kind kinds[2] = {};
    // A weak reference to the socket for which an operation began the poll. While that socket
    // lives, its descriptor has not changed.
    OwnedRef socket;
    bool lingers = false;  // the poll may cover events without a watcher
    std::uint32_t generation = 0;
    std::uint32_t polled = 0;  // the events that are asked for; 0: no poll is in flight

    bool news_only = false;  // the poll reports only new readiness (Engine::poll_news)

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

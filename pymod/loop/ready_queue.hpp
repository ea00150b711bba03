// The objects to run, first in, first out: a ring of references that grows and never shrinks.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/receiver.hpp"

namespace pelton::py {

struct Ready {
  OwnedRef object;
  RunReason reason;
};

class ReadyQueue {
 public:
  ReadyQueue() = default;
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;
  ~ReadyQueue() { clear(); }

  bool empty() const { return first_ == last_; }
  std::size_t size() const { return last_ - first_; }

  void push(OwnedRef object, RunReason reason = RunReason::handle) {
    if (size() == places_.size()) [[unlikely]]
      grow();
    places_.data()[last_++ & (places_.size() - 1)] =
        reinterpret_cast<Place>(object.release()) | static_cast<Place>(reason);
  }
  // The queue must not be empty.
  Ready pop() {
    const Place place = places_.data()[first_++ & (places_.size() - 1)];
    return {.object = OwnedRef(object_in(place)),
            .reason = static_cast<RunReason>(place & reasons)};
  }

  void clear() {
    while (!empty()) pop();
  }

  int traverse(visitproc visit, void* arg) const {
    for (std::size_t at = first_; at != last_; ++at) {
      Py_VISIT(object_in(places_[at & (places_.size() - 1)]));
    }
    return 0;
  }

 private:
  // A pointer, and the reason in the bits that the alignment of every object leaves free.
  using Place = std::uintptr_t;
  static constexpr Place reasons = 7;

  static PyObject* object_in(Place place) { return reinterpret_cast<PyObject*>(place & ~reasons); }

  [[gnu::noinline]] void grow() {
    constexpr std::size_t places_first = 64;  // a power of two, and so all that follow
    std::vector<Place> larger(places_.empty() ? places_first : places_.size() * 2);
    const std::size_t count = size();
    for (std::size_t at = 0; at < count; ++at) {
      larger[at] = places_[(first_ + at) & (places_.size() - 1)];
    }
    places_ = std::move(larger);
    first_ = 0;
    last_ = count;
  }

  std::vector<Place> places_;
  std::size_t first_ = 0;  // both only grow; a place is their value modulo the size
  std::size_t last_ = 0;
};

}  // namespace pelton::py

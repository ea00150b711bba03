// Timers in the order of their due time, those of one moment in the order of push(): a heap with
// four children per node. A timer wheel would make push() and removal cheaper, but asyncio's order
// is by the nanosecond.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct HandleObject;

class TimerHeap {
 public:
  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  ~TimerHeap() { clear(); }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  // Seconds on the loop's clock; the heap must not be empty.
  double first_when() const { return entries_.front().when; }

  // `native` is the same object if it stores its own place, for remove(); else null.
  void push(double when, OwnedRef handle, HandleObject* native);
  OwnedRef pop();
  // Removes a handle that is in the heap and gives up its reference.
  void remove(HandleObject* handle);
  // Removes a handle that does not store its place; false if it is not in the heap.
  bool remove_foreign(PyObject* handle);
  void clear();

  int traverse(visitproc visit, void* arg) const;

 private:
  struct Entry {
    double when;
    std::uint64_t order;
    PyObject* handle;
    HandleObject* native;

    bool before(const Entry& other) const {
      return when < other.when || (when == other.when && order < other.order);
    }
  };

  void put(std::size_t place, const Entry& entry);
  void rise(std::size_t place, const Entry& entry);
  void sink(std::size_t place, const Entry& entry);
  PyObject* take(std::size_t place);

  std::vector<Entry> entries_;
  std::uint64_t order_ = 0;
};

}  // namespace pelton::py

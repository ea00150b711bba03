// Timers by when they are due, and among those of one moment by who asked first: a heap of four
// children a node. A wheel would be cheaper to enter and leave, but asyncio's order is by the
// nanosecond.
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
  // Seconds on the loop's clock; of a heap that is not empty.
  double first_when() const { return entries_.front().when; }

  // `native` is the same object if it keeps its own place, for remove(); else null.
  void push(double when, OwnedRef handle, HandleObject* native);
  OwnedRef pop();
  // A handle that is in the heap; gives up its reference.
  void remove(HandleObject* handle);
  // The same of one that does not keep its place; false if it is not there.
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

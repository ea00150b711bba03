#include "pymod/loop/timer_heap.hpp"

#include <algorithm>

#include "pymod/loop/handle_object.hpp"

namespace pelton::py {

namespace {

constexpr std::size_t children = 4;

}  // namespace

void TimerHeap::put(std::size_t place, const Entry& entry) {
  entries_[place] = entry;
  if (entry.native != nullptr) entry.native->heap_place = place;
}

void TimerHeap::rise(std::size_t place, const Entry& entry) {
  while (place > 0) {
    const std::size_t parent = (place - 1) / children;
    if (!entry.before(entries_[parent])) break;
    put(place, entries_[parent]);
    place = parent;
  }
  put(place, entry);
}

void TimerHeap::sink(std::size_t place, const Entry& entry) {
  while (true) {
    const std::size_t first = place * children + 1;
    if (first >= entries_.size()) break;
    const std::size_t end = std::min(first + children, entries_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (entries_[child].before(entries_[least])) least = child;
    }
    if (!entries_[least].before(entry)) break;
    put(place, entries_[least]);
    place = least;
  }
  put(place, entry);
}

void TimerHeap::push(double when, OwnedRef handle, HandleObject* native) {
  const Entry entry{when, order_++, handle.release(), native};
  entries_.push_back(entry);
  rise(entries_.size() - 1, entry);
}

PyObject* TimerHeap::take(std::size_t place) {
  const Entry taken = entries_[place];
  const Entry last = entries_.back();
  entries_.pop_back();
  if (place < entries_.size()) {
    if (place > 0 && last.before(entries_[(place - 1) / children])) {
      rise(place, last);
    } else {
      sink(place, last);
    }
  }
  if (taken.native != nullptr) taken.native->heap_place = HandleObject::nowhere;
  return taken.handle;
}

OwnedRef TimerHeap::pop() {
  return OwnedRef(take(0));
}

void TimerHeap::remove(HandleObject* handle) {
  const OwnedRef taken(take(handle->heap_place));
}

bool TimerHeap::remove_foreign(PyObject* handle) {
  const auto found = std::ranges::find(entries_, handle, &Entry::handle);
  if (found == entries_.end()) return false;
  const OwnedRef taken(take(static_cast<std::size_t>(found - entries_.begin())));
  return true;
}

void TimerHeap::clear() {
  // A finalizer that runs with a handle's end may use the heap.
  while (!entries_.empty()) pop();
}

int TimerHeap::traverse(visitproc visit, void* arg) const {
  for (const Entry& entry : entries_) Py_VISIT(entry.handle);
  return 0;
}

}  // namespace pelton::py

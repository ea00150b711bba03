// Dead objects of one type and size, kept for the next request. Used only with the interpreter lock
// held. A full list refuses an object, which then goes back to the allocator.
#pragma once

#include <array>
#include <cstddef>

namespace pelton::py {

template <class T, std::size_t capacity>
class FreeList {
 public:
  FreeList() = default;
  FreeList(const FreeList&) = delete;
  FreeList& operator=(const FreeList&) = delete;

  // nullptr if the list is empty.
  T* take() { return size_ == 0 ? nullptr : kept_[--size_]; }
  bool give(T* dead) {
    if (size_ == capacity) return false;
    kept_[size_++] = dead;
    return true;
  }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
  std::array<T*, capacity> kept_;
};

}  // namespace pelton::py

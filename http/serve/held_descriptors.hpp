// The descriptors of this core's connections. The kernel gives a number twice only if foreign code
// has closed one of our descriptors: then the new connection must not get the old one's answers.
#pragma once

#include <cstddef>
#include <vector>

#include "uring/engine.hpp"

namespace pelton::http {

class HeldDescriptors {
 public:
  // False if it is held already.
  bool add(uring::Descriptor descriptor) {
    const std::size_t index = index_of(descriptor);
    if (index >= held_.size()) held_.resize(2 * index + 64);
    if (held_[index]) return false;
    held_[index] = true;
    return true;
  }
  void remove(uring::Descriptor descriptor) { held_[index_of(descriptor)] = false; }

 private:
  // Descriptors of the memory engine begin at high numbers.
  static std::size_t index_of(uring::Descriptor descriptor) {
    return static_cast<std::size_t>(descriptor) & 0xFF'FFFF;
  }

  std::vector<bool> held_;
};

}  // namespace pelton::http

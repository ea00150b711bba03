// The descriptors of this core's connections. The kernel gives no number twice, unless somebody has
// closed one of ours behind our back: then the next connection must not get the other's answers.
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
  // Those of the memory engine begin so high up.
  static std::size_t index_of(uring::Descriptor descriptor) {
    return static_cast<std::size_t>(descriptor) & 0xFF'FFFF;
  }

  std::vector<bool> held_;
};

}  // namespace pelton::http

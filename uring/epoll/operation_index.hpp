// Finds the descriptor of an operation in flight by the operation's token, fast with any number of
// descriptors. An open-addressing table, at most half full; a search ends at the first free place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "uring/engine.hpp"

namespace pelton::uring {

class OperationIndex {
 public:
  // Adds a token, or replaces its descriptor.
  void put(Token token, Descriptor descriptor);
  // A token that is not in the index is no error.
  void drop(Token token);
  // -1 for a token that is not in the index.
  Descriptor find(Token token) const;

  std::size_t size() const { return size_; }

 private:
  struct Entry {
    Token token;
    Descriptor descriptor = -1;  // -1: the place is free
  };

  std::size_t home_of(Token token) const {
    // Fibonacci hashing: the high bits of the product depend on every bit of the token.
    return static_cast<std::size_t>((token.bits() * 0x9E37'79B9'7F4A'7C15u) >> shift_);
  }
  std::size_t next(std::size_t place) const { return (place + 1) & (entries_.size() - 1); }
  // The token's place, or the free place at which the search for it ends.
  std::size_t place_of(Token token) const;
  void grow();

  std::vector<Entry> entries_;  // none, or a power of two
  unsigned shift_ = 64;
  std::size_t size_ = 0;
};

}  // namespace pelton::uring

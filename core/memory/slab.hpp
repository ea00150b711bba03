// Slots for objects that never move, named by slot and generation so that a late reference to a
// slot's former object is recognised. Grows by chunks, reuses the slot freed last, never shrinks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/check.hpp"

namespace pelton {

template <typename Value>
class Slab {
 public:
  // The largest generation that fits into a token; 0 is never used.
  static constexpr std::uint32_t generation_max = 0xFF'FFFF;

  explicit Slab(std::uint32_t slots_max) : slots_max_(slots_max) {}
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() { CHECK(live_ == 0); }

  struct Place {
    std::uint32_t slot;
    std::uint32_t generation;
  };

  bool full() const { return free_.empty() && size_ == slots_max_; }

  // Constructs Value(place, arguments...) in a free slot; the slab must not be full.
  template <typename... Arguments>
  Value& emplace(Arguments&&... arguments) {
    if (free_.empty()) grow();
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    Slot& cell = at(slot);
    ++live_;
    auto* value = new (cell.storage)
        Value(Place{slot, cell.generation}, std::forward<Arguments>(arguments)...);
    cell.occupied = true;
    return *value;
  }

  void erase(std::uint32_t slot) {
    Slot& cell = at(slot);
    CHECK(cell.occupied);
    cell.occupied = false;
    cell.generation = cell.generation == generation_max ? 1 : cell.generation + 1;
    cell.value()->~Value();
    --live_;
    free_.push_back(slot);
  }

  // nullptr if the object of that generation is gone. A freed slot already has the generation of
  // its next object, which nobody can know before that object exists.
  Value* find(std::uint32_t slot, std::uint32_t generation) {
    if (slot >= size_) [[unlikely]]
      return nullptr;
    Slot& cell = at(slot);
    return cell.generation == generation ? cell.value() : nullptr;
  }

  template <typename Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t slot = 0; slot < size_; ++slot) {
      if (Slot& cell = at(slot); cell.occupied) visit(*cell.value());
    }
  }

  std::uint32_t live() const { return live_; }

 private:
  // A slot of a large value begins at a cache line and fills whole lines.
  static constexpr std::size_t line_bytes = 64;
  static constexpr std::size_t slot_alignment =
      sizeof(Value) < line_bytes ? alignof(Value) : line_bytes;

  struct alignas(slot_alignment) Slot {
    alignas(Value) std::byte storage[sizeof(Value)];
    std::uint32_t generation = 1;
    bool occupied = false;

    Value* value() { return std::launder(reinterpret_cast<Value*>(storage)); }
  };

  static constexpr std::uint32_t chunk_shift = 6;
  static constexpr std::uint32_t chunk_slots = 1u << chunk_shift;
  using Chunk = std::array<Slot, chunk_slots>;

  Slot& at(std::uint32_t slot) { return (*chunks_[slot >> chunk_shift])[slot & (chunk_slots - 1)]; }

  void grow() {
    CHECK(size_ < slots_max_);
    chunks_.push_back(std::make_unique<Chunk>());
    const std::uint32_t grown = std::min(chunk_slots, slots_max_ - size_);
    // The lowest slot is taken first.
    for (std::uint32_t i = grown; i-- > 0;) free_.push_back(size_ + i);
    size_ += grown;
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t slots_max_;
  std::uint32_t size_ = 0;
  std::uint32_t live_ = 0;
};

}  // namespace pelton

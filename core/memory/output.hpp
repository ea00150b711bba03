// Octets on their way out of a core: one contiguous run that grows by doubling, in blocks lent by
// a last-in-first-out pool so that the block written next is the one still warm in the cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace noria {

// Blocks of 4 KiB to 1 MiB in powers of two; larger ones come from and return to the heap.
class BlockPool {
 public:
  struct Block {
    char* data = nullptr;
    std::size_t bytes = 0;
  };

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // A block of at least `bytes_min` octets, contents undefined.
  Block lend(std::size_t bytes_min);
  void give_back(Block block);

  std::size_t blocks_lent() const { return blocks_lent_; }

 private:
  static constexpr std::size_t smallest_shift = 12;
  static constexpr std::size_t class_count = 9;
  // Blocks kept per size; a burst beyond it goes back to the heap.
  static constexpr std::size_t kept_per_class_max = 64;

  std::array<std::vector<char*>, class_count> free_;
  std::size_t blocks_lent_ = 0;
};

class Output {
 public:
  explicit Output(BlockPool& pool) : pool_(&pool) {}
  Output(Output&& other) noexcept
      : pool_(other.pool_),
        block_(std::exchange(other.block_, {})),
        size_(std::exchange(other.size_, 0)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { release(); }

  // Room for `bytes` more octets; write there, then advance() by what was written.
  char* reserve(std::size_t bytes) {
    if (block_.bytes - size_ < bytes) [[unlikely]]
      grow(bytes);
    return block_.data + size_;
  }
  // What may be written behind reserve() before it has to grow.
  std::size_t room() const { return block_.bytes - size_; }
  void advance(std::size_t bytes) { size_ += bytes; }
  void append(std::string_view octets) {
    std::memcpy(reserve(octets.size()), octets.data(), octets.size());
    size_ += octets.size();
  }
  void push(char octet) {
    *reserve(1) = octet;
    ++size_;
  }
  void truncate(std::size_t bytes) { size_ = bytes; }

  char* data() { return block_.data; }
  const char* data() const { return block_.data; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {block_.data, size_}; }

  // Empties and gives the block back to the pool.
  void release();
  void swap(Output& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
  }

 private:
  void grow(std::size_t bytes);

  BlockPool* pool_;
  BlockPool::Block block_;
  std::size_t size_ = 0;
};

}  // namespace noria

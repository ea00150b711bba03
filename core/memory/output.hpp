// Octets that a core is going to send: one contiguous run that grows by doubling. Its block comes
// from a last-in-first-out pool, so that the next block written is still warm in the cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "core/check.hpp"

namespace pelton {

// Blocks of 4 KiB to 1 MiB in powers of two; larger blocks come from the heap and return to it.
class BlockPool {
 public:
  struct Block {
    char* data = nullptr;
    std::size_t bytes = 0;
  };

  BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // A block of at least `bytes_min` octets, contents undefined; one without data if there is no
  // memory for it.
  Block lend(std::size_t bytes_min) {
    if (bytes_min > smallest_bytes || free_[0].top == nullptr) [[unlikely]]
      return lend_other(bytes_min);
    ++blocks_lent_;
    return {free_[0].take(), smallest_bytes};
  }
  void give_back(Block block) {
    if (block.bytes != smallest_bytes || free_[0].count == kept_per_class_max) [[unlikely]] {
      return take_back_other(block);
    }
    --blocks_lent_;
    free_[0].keep(block.data);
  }

  std::size_t blocks_lent() const { return blocks_lent_; }
  std::size_t bytes_lent() const { return blocks_lent_ * smallest_bytes + larger_bytes_; }

  // Sets `raised` whenever lending a block brings the octets lent above `bytes`. Kept blocks of the
  // smallest size are lent without this check: they are few.
  void watch(std::size_t bytes, bool& raised) {
    watched_bytes_ = bytes;
    raised_ = &raised;
  }
  // Frees all blocks kept for reuse.
  void trim();
  // Frees half of the blocks nobody has needed since the last call. Returns how many octets went
  // back to the heap since then, by this call or before it. The smallest blocks stay: they are few.
  std::size_t trim_idle();

 private:
  static constexpr std::size_t smallest_shift = 12;
  static constexpr std::size_t smallest_bytes = std::size_t{1} << smallest_shift;
  static constexpr std::size_t class_count = 9;
  // Blocks kept per size; further blocks go back to the heap.
  static constexpr std::uint32_t kept_per_class_max = 64;

  // Unused blocks of one size: each begins with the address of the block given back before it.
  struct FreeBlocks {
    char* top = nullptr;
    std::uint32_t count = 0;
    std::uint32_t least = 0;  // smallest `count` since trim_idle()

    char* take() {
      char* const block = top;
      std::memcpy(&top, block, sizeof top);
      --count;
      return block;
    }
    void keep(char* block) {
      std::memcpy(block, &top, sizeof top);
      top = block;
      ++count;
    }
  };

  static constexpr std::size_t largest_kept_bytes = smallest_bytes << (class_count - 1);
  // A reserve for when memory has run out: heads, refusals and close frames that end an exchange.
  // It is only an address range until it is used.
  static constexpr std::size_t reserve_block_bytes = std::size_t{64} * 1024;
  static constexpr std::size_t reserve_count = 8;
  static constexpr std::size_t reserve_bytes = reserve_count * reserve_block_bytes;

  Block allocate(std::size_t bytes_min, std::size_t bytes);
  Block lend_other(std::size_t bytes_min);
  void take_back_other(Block block);

  std::array<FreeBlocks, class_count> free_;
  std::size_t blocks_lent_ = 0;
  std::size_t larger_bytes_ = 0;    // lent beyond the smallest size of each block
  std::size_t returned_bytes_ = 0;  // to the heap since trim_idle()
  std::size_t watched_bytes_ = 0;
  bool* raised_ = nullptr;
  char* reserve_;                   // null if it could not be allocated
  std::uint32_t reserve_free_ = 0;  // one bit per free block
};

class Output {
 public:
  explicit Output(BlockPool& pool) : pool_(&pool) {}
  Output(Output&& other) noexcept
      : pool_(other.pool_),
        block_(std::exchange(other.block_, {})),
        size_(std::exchange(other.size_, 0)),
        failed_(std::exchange(other.failed_, false)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { release(); }

  // Makes room for `bytes` more octets. False if there is no memory: the octets written so far
  // stay, and has_failed() is true from then on.
  [[nodiscard]] bool make_room(std::size_t bytes) {
    if (block_.bytes - size_ >= bytes) [[likely]]
      return true;
    if (block_.data != nullptr) return grow(bytes);
    block_ = pool_->lend(bytes);
    if (block_.data != nullptr) [[likely]]
      return true;
    return fail();
  }
  // The same; returns where to write, null without memory. After writing, call advance().
  char* reserve(std::size_t bytes) { return make_room(bytes) ? block_.data + size_ : nullptr; }
  // Octets that fit before the block has to grow.
  std::size_t room() const { return block_.bytes - size_; }
  void advance(std::size_t bytes) { size_ += bytes; }
  // False if there is no memory; nothing is appended then. After many pieces it is enough to check
  // has_failed() once.
  bool append(std::string_view octets) {
    if (octets.empty()) return true;  // its address may be null, which memcpy(3) does not take
    if (!make_room(octets.size())) [[unlikely]]
      return false;
    std::memcpy(block_.data + size_, octets.data(), octets.size());
    size_ += octets.size();
    return true;
  }
  bool push(char octet) { return append({&octet, 1}); }
  void truncate(std::size_t bytes) { size_ = bytes; }

  char* data() { return block_.data; }
  const char* data() const { return block_.data; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Octets are missing for lack of memory; true until recover().
  bool has_failed() const { return failed_; }
  // Marks this output as failed; returns false for the caller to return.
  bool fail() {
    failed_ = true;
    return false;
  }
  // Treats the present octets as complete.
  void recover() { failed_ = false; }
  std::span<const char> octets() const { return {block_.data, size_}; }
  std::string_view view() const { return {block_.data, size_}; }

  // Empties and gives the block back to the pool.
  void release() {
    if (block_.data != nullptr) pool_->give_back(block_);
    block_ = {};
    size_ = 0;
  }
  // Takes over the octets of another output of the same pool; this output must hold no block.
  void take(Output& other) {
    CHECK(block_.data == nullptr && pool_ == other.pool_);
    block_ = std::exchange(other.block_, {});
    size_ = std::exchange(other.size_, 0);
    failed_ = std::exchange(other.failed_, false);
  }

 private:
  bool grow(std::size_t bytes);

  BlockPool* pool_;
  BlockPool::Block block_;
  std::size_t size_ = 0;
  bool failed_ = false;
};

}  // namespace pelton

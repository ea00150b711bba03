// Octets on their way out of a core: one contiguous run that grows by doubling, in blocks lent by
// a last-in-first-out pool so that the block written next is the one still warm in the cache.
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

// Blocks of 4 KiB to 1 MiB in powers of two; larger ones come from and return to the heap.
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

  // Sets `raised` whenever a block that is not at hand is lent while more than `bytes` are out.
  // Blocks of the least size that are kept pass unseen: they are few.
  void watch(std::size_t bytes, bool& raised) {
    watched_bytes_ = bytes;
    raised_ = &raised;
  }
  // Gives what is kept for reuse back to the heap.
  void trim();
  // Gives back half of what nobody has needed since the last call, and tells how many octets went
  // to the heap since then in this or another way. The least blocks stay: they are few.
  std::size_t trim_idle();

 private:
  static constexpr std::size_t smallest_shift = 12;
  static constexpr std::size_t smallest_bytes = std::size_t{1} << smallest_shift;
  static constexpr std::size_t class_count = 9;
  // Blocks kept per size; a burst beyond it goes back to the heap.
  static constexpr std::uint32_t kept_per_class_max = 64;

  // Blocks of one size that nobody uses: each begins with the address of the one given back before.
  struct FreeBlocks {
    char* top = nullptr;
    std::uint32_t count = 0;
    std::uint32_t least = 0;  // of `count` since trim_idle()

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

  // Little that is needed to end what there is no memory for: heads, refusals, frames that close.
  // It is an address range until it is used.
  static constexpr std::size_t largest_kept_bytes = smallest_bytes << (class_count - 1);
  static constexpr std::size_t reserve_block_bytes = std::size_t{64} * 1024;
  static constexpr std::size_t reserve_count = 8;
  static constexpr std::size_t reserve_bytes = reserve_count * reserve_block_bytes;

  Block allocate(std::size_t bytes_min, std::size_t bytes);
  Block lend_other(std::size_t bytes_min);
  void take_back_other(Block block);

  std::array<FreeBlocks, class_count> free_;
  std::size_t blocks_lent_ = 0;
  std::size_t larger_bytes_ = 0;    // lent, beyond the least size of each block
  std::size_t returned_bytes_ = 0;  // to the heap since trim_idle()
  std::size_t watched_bytes_ = 0;
  bool* raised_ = nullptr;
  char* reserve_;                   // null if there never was memory for it
  std::uint32_t reserve_free_ = 0;  // a bit for each block
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

  // Makes room for `bytes` more octets. False if there is no memory for them: what is there stays,
  // and has_failed() says so.
  [[nodiscard]] bool make_room(std::size_t bytes) {
    if (block_.bytes - size_ >= bytes) [[likely]]
      return true;
    if (block_.data != nullptr) return grow(bytes);
    block_ = pool_->lend(bytes);
    if (block_.data != nullptr) [[likely]]
      return true;
    return fail();
  }
  // The same, with where to write; then advance() by what was written. Null if there is no memory.
  char* reserve(std::size_t bytes) { return make_room(bytes) ? block_.data + size_ : nullptr; }
  // What may be written behind reserve() before it has to grow.
  std::size_t room() const { return block_.bytes - size_; }
  void advance(std::size_t bytes) { size_ += bytes; }
  // False, and nothing is appended, if there is no memory. Whoever writes many pieces may look at
  // has_failed() once, behind them.
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
  // Something that was to be written is not here, for lack of memory, until recover().
  bool has_failed() const { return failed_; }
  // Notes the same of something that was not even tried. False, for who returns it.
  bool fail() {
    failed_ = true;
    return false;
  }
  // What is here is taken for whole again.
  void recover() { failed_ = false; }
  std::span<const char> octets() const { return {block_.data, size_}; }
  std::string_view view() const { return {block_.data, size_}; }

  // Empties and gives the block back to the pool.
  void release() {
    if (block_.data != nullptr) pool_->give_back(block_);
    block_ = {};
    size_ = 0;
  }
  // The octets of another output of the same pool, for this one that holds none.
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

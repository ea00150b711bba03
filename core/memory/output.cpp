#include "core/memory/output.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>

#include "core/check.hpp"

namespace pelton {

BlockPool::BlockPool() : reserve_(static_cast<char*>(std::malloc(reserve_bytes))) {
  if (reserve_ != nullptr) reserve_free_ = (1u << reserve_count) - 1;
}

BlockPool::~BlockPool() {
  trim();
  std::free(reserve_);
}

void BlockPool::trim() {
  for (FreeBlocks& blocks : free_) {
    while (blocks.top != nullptr) std::free(blocks.take());
    blocks.least = 0;
  }
}

std::size_t BlockPool::trim_idle() {
  for (std::size_t index = 1; index < class_count; ++index) {
    FreeBlocks& blocks = free_[index];
    const std::uint32_t surplus = (blocks.least + 1) / 2;
    for (std::uint32_t count = 0; count < surplus; ++count) std::free(blocks.take());
    blocks.least = blocks.count;
    returned_bytes_ += surplus * (smallest_bytes << index);
  }
  return std::exchange(returned_bytes_, 0);
}

BlockPool::Block BlockPool::lend_other(std::size_t bytes_min) {
  const std::size_t bytes = std::bit_ceil(std::max(bytes_min, smallest_bytes));
  const std::size_t index = static_cast<std::size_t>(std::countr_zero(bytes)) - smallest_shift;
  Block block;
  if (index < class_count && free_[index].top != nullptr) {
    FreeBlocks& kept = free_[index];
    block = {kept.take(), bytes};
    kept.least = std::min(kept.least, kept.count);
  } else {
    block = allocate(bytes_min, bytes);
  }
  if (block.data == nullptr) return {};
  ++blocks_lent_;
  larger_bytes_ += block.bytes - smallest_bytes;
  if (raised_ != nullptr && bytes_lent() > watched_bytes_) *raised_ = true;
  return block;
}

// A block of `bytes`, or of the whole pages that hold `bytes_min`, or one from the reserve.
BlockPool::Block BlockPool::allocate(std::size_t bytes_min, std::size_t bytes) {
  if (auto* const data = static_cast<char*>(std::malloc(bytes))) return {data, bytes};
  // Memory is short: the blocks kept for reuse are freed first.
  trim();
  if (auto* const data = static_cast<char*>(std::malloc(bytes))) return {data, bytes};
  if (bytes_min > largest_kept_bytes) {
    const std::size_t pages = (bytes_min + smallest_bytes - 1) & ~(smallest_bytes - 1);
    if (auto* const data = static_cast<char*>(std::malloc(pages))) return {data, pages};
  }
  if (bytes_min > reserve_block_bytes || reserve_free_ == 0) return {};
  const auto index = static_cast<std::size_t>(std::countr_zero(reserve_free_));
  reserve_free_ &= reserve_free_ - 1;
  return {reserve_ + index * reserve_block_bytes, reserve_block_bytes};
}

void BlockPool::take_back_other(Block block) {
  CHECK(blocks_lent_ > 0);
  --blocks_lent_;
  larger_bytes_ -= block.bytes - smallest_bytes;
  const std::less<const char*> before;
  if (!before(block.data, reserve_) && before(block.data, reserve_ + reserve_bytes)) [[unlikely]] {
    reserve_free_ |= 1u << static_cast<std::size_t>(block.data - reserve_) / reserve_block_bytes;
    return;
  }
  const std::size_t index =
      static_cast<std::size_t>(std::countr_zero(block.bytes)) - smallest_shift;
  if (block.bytes <= largest_kept_bytes && free_[index].count < kept_per_class_max) {
    free_[index].keep(block.data);
  } else {
    returned_bytes_ += block.bytes;
    std::free(block.data);
  }
}

bool Output::grow(std::size_t bytes) {
  BlockPool::Block larger = pool_->lend(std::max(size_ + bytes, block_.bytes * 2));
  // Doubling only prepares for later octets: without it the octets at hand may still fit.
  if (larger.data == nullptr) larger = pool_->lend(size_ + bytes);
  if (larger.data == nullptr) return fail();
  std::memcpy(larger.data, block_.data, size_);
  pool_->give_back(block_);
  block_ = larger;
  return true;
}

}  // namespace pelton

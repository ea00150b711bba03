#include "core/memory/output.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "core/check.hpp"

namespace pelton {

BlockPool::~BlockPool() {
  trim();
}

void BlockPool::trim() {
  for (FreeBlocks& blocks : free_) {
    while (blocks.top != nullptr) std::free(blocks.take());
  }
}

BlockPool::Block BlockPool::lend_other(std::size_t bytes_min) {
  const std::size_t bytes = std::bit_ceil(std::max(bytes_min, smallest_bytes));
  const std::size_t index = static_cast<std::size_t>(std::countr_zero(bytes)) - smallest_shift;
  ++blocks_lent_;
  larger_bytes_ += bytes - smallest_bytes;
  if (raised_ != nullptr && bytes_lent() > watched_bytes_) *raised_ = true;
  if (index < class_count && free_[index].top != nullptr) return {free_[index].take(), bytes};
  auto* data = static_cast<char*>(std::malloc(bytes));
  CHECK(data != nullptr);
  return {data, bytes};
}

void BlockPool::take_back_other(Block block) {
  CHECK(blocks_lent_ > 0);
  --blocks_lent_;
  larger_bytes_ -= block.bytes - smallest_bytes;
  const std::size_t index =
      static_cast<std::size_t>(std::countr_zero(block.bytes)) - smallest_shift;
  if (index < class_count && free_[index].count < kept_per_class_max) {
    free_[index].keep(block.data);
  } else {
    std::free(block.data);
  }
}

void Output::grow(std::size_t bytes) {
  const BlockPool::Block larger = pool_->lend(std::max(size_ + bytes, block_.bytes * 2));
  std::memcpy(larger.data, block_.data, size_);
  pool_->give_back(block_);
  block_ = larger;
}

}  // namespace pelton

#include "core/memory/output.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "core/check.hpp"

namespace noria {

BlockPool::~BlockPool() {
  for (auto& blocks : free_) {
    for (char* block : blocks) std::free(block);
  }
}

BlockPool::Block BlockPool::lend(std::size_t bytes_min) {
  const std::size_t bytes = std::bit_ceil(std::max(bytes_min, std::size_t{1} << smallest_shift));
  const std::size_t index = static_cast<std::size_t>(std::countr_zero(bytes)) - smallest_shift;
  ++blocks_lent_;
  if (index < class_count && !free_[index].empty()) {
    char* data = free_[index].back();
    free_[index].pop_back();
    return {data, bytes};
  }
  auto* data = static_cast<char*>(std::malloc(bytes));
  CHECK(data != nullptr);
  return {data, bytes};
}

void BlockPool::give_back(Block block) {
  CHECK(blocks_lent_ > 0);
  --blocks_lent_;
  const std::size_t index =
      static_cast<std::size_t>(std::countr_zero(block.bytes)) - smallest_shift;
  if (index < class_count && free_[index].size() < kept_per_class_max) {
    free_[index].push_back(block.data);
  } else {
    std::free(block.data);
  }
}

void Output::grow(std::size_t bytes) {
  const BlockPool::Block larger = pool_->lend(std::max(size_ + bytes, block_.bytes * 2));
  if (block_.data != nullptr) {
    std::memcpy(larger.data, block_.data, size_);
    pool_->give_back(block_);
  }
  block_ = larger;
}

void Output::release() {
  if (block_.data != nullptr) pool_->give_back(block_);
  block_ = {};
  size_ = 0;
}

}  // namespace noria

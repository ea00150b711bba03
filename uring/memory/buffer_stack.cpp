#include "uring/memory/buffer_stack.hpp"

#include <bit>
#include <new>

namespace noria::uring {

namespace {
constexpr std::align_val_t cache_line{64};
}

BufferStack::BufferStack(std::size_t count, std::size_t bytes) : lent_(count, 0) {
  CHECK(std::has_single_bit(count) && count < no_buffer && bytes > 0);
  // Left untouched: pages that a quiet core never needs are never made resident.
  slab_ = static_cast<char*>(::operator new(count * bytes + padding_bytes, cache_line));
  buffer_bytes_ = bytes;
  buffer_count_ = count;
  free_.reserve(count);
  for (std::size_t id = count; id > 0; --id) free_.push_back(static_cast<BufferId>(id - 1));
}

BufferStack::~BufferStack() {
  ::operator delete(slab_, cache_line);
}

}  // namespace noria::uring

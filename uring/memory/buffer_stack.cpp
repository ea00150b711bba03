#include "uring/memory/buffer_stack.hpp"

#include <bit>
#include <new>

#include "core/check.hpp"

namespace pelton::uring {

namespace {
constexpr std::align_val_t cache_line{64};
}

BufferStack::BufferStack(std::size_t count, std::size_t bytes) : ReceiveBuffers(count, bytes) {
  CHECK(std::has_single_bit(count) && count < no_buffer && bytes > 0);
  // The memory is left untouched: pages that a quiet core never needs do not become resident.
  slab_ = static_cast<char*>(::operator new(count * bytes + padding_bytes, cache_line));
  for (std::size_t id = count; id > 0; --id) idle_[idle_count_++] = static_cast<BufferId>(id - 1);
}

BufferStack::~BufferStack() {
  ::operator delete(slab_, cache_line);
}

}  // namespace pelton::uring

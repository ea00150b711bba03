// Receive buffers of the engines that fill them from user space: a stack, so that the buffer given
// back last, still warm in the cache, is filled next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "uring/buffers/buffer_lease.hpp"

namespace pelton::uring {

class BufferStack final : public ReceiveBuffers {
 public:
  // `count` is a power of two below no_buffer. The slab ends with `padding_bytes` readable octets,
  // so that a vector load may run past the end of any buffer.
  BufferStack(std::size_t count, std::size_t bytes);
  BufferStack(const BufferStack&) = delete;
  BufferStack& operator=(const BufferStack&) = delete;
  ~BufferStack() override;

  static constexpr std::size_t padding_bytes = 64;

  bool empty() const { return idle_count_ == 0; }
  // Buffers that nobody may read now; the scripted engine overwrites them.
  std::span<const BufferId> idle() const { return {idle_.get(), idle_count_}; }
  // The buffer that lend() will return; it may be written before that.
  BufferId top() const { return idle_[idle_count_ - 1]; }

  BufferId lend() {
    const BufferId id = idle_[--idle_count_];
    lent_[id] = 1;
    ++leases_out_;
    return id;
  }
};

}  // namespace pelton::uring

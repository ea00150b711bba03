// Receive buffers of the engines that fill them in user space: a stack, so that the buffer given
// back last, still warm in the cache, is the next one filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/check.hpp"
#include "uring/buffers/buffer_lease.hpp"

namespace noria::uring {

class BufferStack final : public ReceiveBuffers {
 public:
  // `count` is a power of two below no_buffer. The slab ends with `padding_bytes` readable octets,
  // so that a vector load may run past the end of any buffer.
  BufferStack(std::size_t count, std::size_t bytes);
  BufferStack(const BufferStack&) = delete;
  BufferStack& operator=(const BufferStack&) = delete;
  ~BufferStack() override;

  static constexpr std::size_t padding_bytes = 64;

  bool empty() const { return free_.empty(); }
  // What nobody may look at now; the scripted engine overwrites it.
  std::span<const BufferId> idle() const { return free_; }
  // The buffer lend() will give; it may be written, and left where it is if nothing came.
  BufferId top() const { return free_.back(); }

  BufferId lend() {
    const BufferId id = free_.back();
    free_.pop_back();
    lent_[id] = 1;
    ++leases_out_;
    return id;
  }

  void give_back(BufferId id) override {
    // Exactly once for each completion that carried it (ENG-014).
    CHECK(id < buffer_count_ && lent_[id] != 0);
    lent_[id] = 0;
    --leases_out_;
    free_.push_back(id);
  }

 private:
  std::vector<BufferId> free_;
  std::vector<std::uint8_t> lent_;
};

}  // namespace noria::uring

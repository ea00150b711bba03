// Receive buffers that the kernel takes from a shared ring, first in, first out. publish() writes
// the buffers given back into the ring and shows them to the kernel in one step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "core/check.hpp"
#include "uring/buffers/buffer_lease.hpp"

namespace pelton::uring {

class BufferRing final : public ReceiveBuffers {
 public:
  // One mapping holds the shared ring and then the slab, readable for `padding_bytes` past the last
  // buffer. `count` is a power of two up to 32768. The error is the errno of mmap(2).
  static std::expected<std::unique_ptr<BufferRing>, int> map(std::size_t count, std::size_t bytes);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  ~BufferRing() override;

  static constexpr std::size_t padding_bytes = 64;

  // The address to register with the kernel; the ring outlives the registration.
  void* ring_address() const { return entries_; }

  // Called when a completion names this buffer.
  void lend(BufferId id) { ReceiveBuffers::lend(id); }

  // Shows the kernel all buffers given back so far.
  void publish() {
    if (idle_count_ != 0) publish_idle();
  }

 private:
  // struct io_uring_buf; the first one's last field is the ring's tail.
  struct Entry {
    std::uint64_t address;
    std::uint32_t bytes;
    std::uint16_t id;
    std::uint16_t tail;
  };

  BufferRing(void* mapping, std::size_t mapping_bytes, std::size_t slab_offset_bytes,
             std::size_t count, std::size_t bytes);
  void publish_idle();

  Entry* entries_;
  std::size_t mapping_bytes_;
  std::uint16_t mask_;
  std::uint16_t tail_ = 0;
};

}  // namespace pelton::uring

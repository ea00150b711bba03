#include "uring/buffers/buffer_ring.hpp"

#include <sys/mman.h>

#include <atomic>
#include <bit>
#include <cerrno>

namespace pelton::uring {

namespace {

constexpr std::size_t count_max = 32768;
constexpr std::size_t page_bytes = 4096;

}  // namespace

std::expected<std::unique_ptr<BufferRing>, int> BufferRing::map(std::size_t count,
                                                                std::size_t bytes) {
  CHECK(std::has_single_bit(count) && count <= count_max && bytes > 0);
  const std::size_t ring_bytes = count * sizeof(Entry);
  const std::size_t slab_offset_bytes = (ring_bytes + page_bytes - 1) / page_bytes * page_bytes;
  const std::size_t mapping_bytes = slab_offset_bytes + count * bytes + padding_bytes;
  void* mapping =
      ::mmap(nullptr, mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return std::unexpected(errno);
  return std::unique_ptr<BufferRing>(
      new BufferRing(mapping, mapping_bytes, slab_offset_bytes, count, bytes));
}

BufferRing::BufferRing(void* mapping, std::size_t mapping_bytes, std::size_t slab_offset_bytes,
                       std::size_t count, std::size_t bytes)
    : ReceiveBuffers(count, bytes),
      entries_(static_cast<Entry*>(mapping)),
      mapping_bytes_(mapping_bytes),
      mask_(static_cast<std::uint16_t>(count - 1)) {
  slab_ = static_cast<char*>(mapping) + slab_offset_bytes;
  for (std::size_t id = count; id > 0; --id) idle_[idle_count_++] = static_cast<BufferId>(id - 1);
  publish_idle();
}

BufferRing::~BufferRing() {
  ::munmap(entries_, mapping_bytes_);
}

void BufferRing::publish_idle() {
  while (idle_count_ > 0) {
    const BufferId id = idle_[--idle_count_];
    // The first entry contains the tail, so entries are filled field by field.
    Entry& entry = entries_[tail_++ & mask_];
    entry.address = reinterpret_cast<std::uintptr_t>(data(id));
    entry.bytes = static_cast<std::uint32_t>(buffer_bytes_);
    entry.id = id;
  }
  // The entries must be complete before the kernel can see them.
  std::atomic_ref(entries_[0].tail).store(tail_, std::memory_order_release);
}

}  // namespace pelton::uring

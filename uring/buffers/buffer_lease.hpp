// Receive buffers and the lease on one of them. The kernel owns a buffer until a completion names
// it; from then on a lease owns it and gives it back in its destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "core/check.hpp"

namespace pelton::uring {

using BufferId = std::uint16_t;
inline constexpr BufferId no_buffer = 0xFFFF;

// One slab of equal buffers. Buffers given back lie on a stack until the engine takes them: the
// last one, still warm in the cache, is on top.
class ReceiveBuffers {
 public:
  virtual ~ReceiveBuffers() = default;

  void give_back(BufferId id) {
    // Exactly once for each completion that carried it (ENG-014).
    CHECK(id < buffer_count_ && lent_[id] != 0);
    lent_[id] = 0;
    --leases_out_;
    idle_[idle_count_++] = id;
  }

  char* data(BufferId id) const { return slab_ + std::size_t{id} * buffer_bytes_; }
  std::size_t buffer_bytes() const { return buffer_bytes_; }
  std::size_t buffer_count() const { return buffer_count_; }
  // Buffers named by a completion and not given back yet; 0 at the end of every test.
  std::size_t leases_out() const { return leases_out_; }

 protected:
  ReceiveBuffers(std::size_t count, std::size_t bytes)
      : buffer_bytes_(bytes),
        buffer_count_(count),
        lent_(std::make_unique<std::uint8_t[]>(count)),
        idle_(std::make_unique<BufferId[]>(count)) {}

  // Called when a completion names this buffer.
  void lend(BufferId id) {
    CHECK(id < buffer_count_ && lent_[id] == 0);
    lent_[id] = 1;
    ++leases_out_;
  }

  char* slab_ = nullptr;
  const std::size_t buffer_bytes_;
  const std::size_t buffer_count_;
  std::size_t leases_out_ = 0;
  std::size_t idle_count_ = 0;
  const std::unique_ptr<std::uint8_t[]> lent_;
  const std::unique_ptr<BufferId[]> idle_;
};

class BufferLease {
 public:
  BufferLease() = default;
  BufferLease(ReceiveBuffers& pool, BufferId id, std::size_t bytes)
      : pool_(&pool), id_(id), bytes_(static_cast<std::uint32_t>(bytes)) {}
  BufferLease(BufferLease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), id_(other.id_), bytes_(other.bytes_) {}
  BufferLease& operator=(BufferLease&& other) noexcept {
    if (this != &other) {
      give_back();
      pool_ = std::exchange(other.pool_, nullptr);
      id_ = other.id_;
      bytes_ = other.bytes_;
    }
    return *this;
  }
  BufferLease(const BufferLease&) = delete;
  BufferLease& operator=(const BufferLease&) = delete;
  ~BufferLease() { give_back(); }

  explicit operator bool() const { return pool_ != nullptr; }
  std::string_view view() const { return {pool_->data(id_), bytes_}; }
  // The same octets, to be changed in place.
  std::span<char> octets() const { return {pool_->data(id_), bytes_}; }

  void give_back() {
    if (pool_ != nullptr) std::exchange(pool_, nullptr)->give_back(id_);
  }

 private:
  ReceiveBuffers* pool_ = nullptr;
  BufferId id_ = no_buffer;
  std::uint32_t bytes_ = 0;
};

}  // namespace pelton::uring

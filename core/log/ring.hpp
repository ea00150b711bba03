// A bounded ring that carries octets in order from one thread to another. A record that does not
// fit is refused at once; neither side ever waits for the other.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace pelton {

class LogRing {
 public:
  explicit LogRing(std::size_t bytes_max)
      : bytes_max_(bytes_max), octets_(std::make_unique_for_overwrite<char[]>(bytes_max)) {}
  LogRing(const LogRing&) = delete;
  LogRing& operator=(const LogRing&) = delete;

  // --- the producing thread ---

  // Takes the whole record or nothing; the reader does not see it before publish().
  bool append(std::string_view record) {
    if (bytes_max_ - (appended_ - seen_consumed_) < record.size()) {
      seen_consumed_ = consumed_.load(std::memory_order_acquire);
      if (bytes_max_ - (appended_ - seen_consumed_) < record.size()) return false;
    }
    const std::size_t at = appended_at_;
    const std::size_t first = std::min(record.size(), bytes_max_ - at);
    std::memcpy(octets_.get() + at, record.data(), first);
    std::memcpy(octets_.get(), record.data() + first, record.size() - first);
    appended_ += record.size();
    appended_at_ = at + record.size() < bytes_max_ ? at + record.size() : record.size() - first;
    return true;
  }
  bool has_unpublished() const { return appended_ != published_.load(std::memory_order_relaxed); }
  // Sequentially consistent, as is the flag that says the reader sleeps: one of the two sides
  // always sees the other's store.
  void publish() { published_.store(appended_, std::memory_order_seq_cst); }

  // --- the reading thread ---

  // Octets published and not consumed yet; the second piece continues at the ring's beginning.
  std::array<std::string_view, 2> pending() const {
    const std::uint64_t consumed = consumed_.load(std::memory_order_relaxed);
    const auto bytes =
        static_cast<std::size_t>(published_.load(std::memory_order_seq_cst) - consumed);
    const std::size_t first = std::min(bytes, bytes_max_ - consumed_at_);
    return {std::string_view(octets_.get() + consumed_at_, first),
            std::string_view(octets_.get(), bytes - first)};
  }
  void consume(std::size_t bytes) {
    const std::size_t to_end = bytes_max_ - consumed_at_;
    consumed_at_ = bytes < to_end ? consumed_at_ + bytes : bytes - to_end;
    consumed_.fetch_add(bytes, std::memory_order_release);
  }

  // --- any thread ---

  // Octets published and not consumed yet, as of some moment.
  std::size_t bytes_pending() const {
    const std::uint64_t consumed = consumed_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(published_.load(std::memory_order_seq_cst) - consumed);
  }
  std::size_t bytes_max() const { return bytes_max_; }

 private:
  static constexpr std::size_t cache_line_bytes = 64;

  const std::size_t bytes_max_;
  const std::unique_ptr<char[]> octets_;

  // Octets since the beginning; the producer loads the reader's count only if the ring seems full.
  std::uint64_t appended_ = 0;
  std::uint64_t seen_consumed_ = 0;
  std::size_t appended_at_ = 0;
  std::atomic<std::uint64_t> published_ = 0;

  alignas(cache_line_bytes) std::atomic<std::uint64_t> consumed_ = 0;
  std::size_t consumed_at_ = 0;
};

}  // namespace pelton

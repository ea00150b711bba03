// Keys that protect TLS session tickets, in memory that all workers share: each worker can resume
// the sessions of every other one. A key is used for a period of twelve hours, and understood for
// one more (TLS-001). The first worker that needs the key of a period makes it from random octets.
//
// There is no lock. Who moves `claimed_` to a period makes its key; if that process ends before it
// is done, the period has no key, and tickets go on with the key before, or without any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace pelton {

class TicketKeys {
 public:
  static constexpr std::uint64_t period_s = 12 * 3600;

  struct Key {
    std::array<unsigned char, 16> name;  // stands in the tickets
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> authentication;
  };

  TicketKeys() = default;
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // The key for tickets that are made now; nothing if there is none. `monotonic_s`: seconds of the
  // machine's monotonic clock.
  std::optional<Key> current(std::uint64_t monotonic_s);
  // The key of a ticket that names it; nothing if it is too old or another server's.
  std::optional<Key> named(std::span<const unsigned char, 16> name,
                           std::uint64_t monotonic_s) const;

 private:
  static constexpr std::size_t words = sizeof(Key) / sizeof(std::uint64_t);
  static_assert(sizeof(Key) % sizeof(std::uint64_t) == 0);

  // Read without a lock: `period` is 0 while the words change.
  struct Slot {
    std::atomic<std::uint64_t> period = 0;
    std::array<std::atomic<std::uint64_t>, words> octets{};
  };

  static std::uint64_t period_at(std::uint64_t monotonic_s) { return monotonic_s / period_s + 1; }
  std::optional<Key> of(std::uint64_t period) const;
  void make(std::uint64_t period);

  std::atomic<std::uint64_t> claimed_ = 0;
  // The key of a period overwrites the one before the last.
  std::array<Slot, 2> slots_{};
};

}  // namespace pelton

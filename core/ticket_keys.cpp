#include "core/ticket_keys.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cstring>

namespace pelton {

std::optional<TicketKeys::Key> TicketKeys::current(std::uint64_t monotonic_s) {
  const std::uint64_t period = period_at(monotonic_s);
  if (claimed_.load(std::memory_order_relaxed) < period) make(period);
  std::optional<Key> key = of(period);
  return key ? key : of(period - 1);
}

std::optional<TicketKeys::Key> TicketKeys::named(std::span<const unsigned char, 16> name,
                                                 std::uint64_t monotonic_s) const {
  const std::uint64_t period = period_at(monotonic_s);
  for (const std::uint64_t one : {period, period - 1}) {
    std::optional<Key> key = of(one);
    if (key && std::ranges::equal(key->name, name)) return key;
  }
  return std::nullopt;
}

std::optional<TicketKeys::Key> TicketKeys::of(std::uint64_t period) const {
  const Slot& slot = slots_[period % slots_.size()];
  if (period == 0 || slot.period.load(std::memory_order_acquire) != period) return std::nullopt;
  std::array<std::uint64_t, words> copied;
  for (std::size_t index = 0; index < words; ++index) {
    copied[index] = slot.octets[index].load(std::memory_order_acquire);
  }
  if (slot.period.load(std::memory_order_relaxed) != period) return std::nullopt;
  Key key;
  std::memcpy(&key, copied.data(), sizeof key);
  return key;
}

void TicketKeys::make(std::uint64_t period) {
  std::array<std::uint64_t, words> random;
  if (::getrandom(random.data(), sizeof random, 0) != static_cast<ssize_t>(sizeof random)) return;
  std::uint64_t before = claimed_.load(std::memory_order_relaxed);
  while (before < period) {
    if (!claimed_.compare_exchange_weak(before, period)) continue;
    Slot& slot = slots_[period % slots_.size()];
    slot.period.store(0);
    for (std::size_t index = 0; index < words; ++index) slot.octets[index].store(random[index]);
    slot.period.store(period);
    break;
  }
  ::explicit_bzero(random.data(), sizeof random);
}

}  // namespace pelton

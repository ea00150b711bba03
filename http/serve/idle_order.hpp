// Finds the connection that has been idle longest without looking at all of them: a heap by when
// each was last known to be active. Later activity is looked up when an entry reaches the top, so a
// request changes nothing here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace pelton::http {

class IdleOrder {
 public:
  struct Entry {
    std::uint64_t active_ms = 0;
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
  };

  // Adds an opened connection; `live` is how many added connections still exist.
  void add(std::uint32_t slot, std::uint32_t generation, std::uint64_t now_ms, std::size_t live,
           auto&& is_live) {
    if (entries_.size() > 2 * live + gone_kept_max) {
      std::erase_if(entries_, [&](const Entry& entry) { return !is_live(entry); });
      std::ranges::make_heap(entries_, is_later);
    }
    push({now_ms, slot, generation});
  }

  // Takes out the connection that has been idle longest, if it has been idle since `since_ms` or
  // earlier. `active_ms_of` returns when a connection was last active, the current time if it is
  // active, or none if it is gone.
  std::optional<Entry> take(std::uint64_t since_ms, auto&& active_ms_of) {
    while (!entries_.empty() && entries_.front().active_ms <= since_ms) {
      Entry first = entries_.front();
      std::ranges::pop_heap(entries_, is_later);
      entries_.pop_back();
      const std::optional<std::uint64_t> active_ms = active_ms_of(first);
      if (!active_ms) continue;
      if (*active_ms <= first.active_ms) return first;
      first.active_ms = *active_ms;
      push(first);
    }
    return std::nullopt;
  }

  std::size_t size() const { return entries_.size(); }

 private:
  // How many more entries of ended connections than of live ones are kept.
  static constexpr std::size_t gone_kept_max = 64;

  // In the same millisecond the lower slot comes first, so that the order is always the same.
  static bool is_later(const Entry& a, const Entry& b) {
    return std::tie(a.active_ms, a.slot) > std::tie(b.active_ms, b.slot);
  }
  void push(const Entry& entry) {
    entries_.push_back(entry);
    std::ranges::push_heap(entries_, is_later);
  }

  std::vector<Entry> entries_;
};

}  // namespace pelton::http

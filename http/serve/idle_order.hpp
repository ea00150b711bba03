// Which connection has been idle longest, without a look at all of them: a heap by when each was
// last known to be active. What it did since is learned when it comes to the top, so a request
// moves nothing here.
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

  // A connection was opened; `live` of those that were added are still there.
  void add(std::uint32_t slot, std::uint32_t generation, std::uint64_t now_ms, std::size_t live,
           auto&& is_live) {
    if (entries_.size() > 2 * live + gone_kept_max) {
      std::erase_if(entries_, [&](const Entry& entry) { return !is_live(entry); });
      std::ranges::make_heap(entries_, is_later);
    }
    push({now_ms, slot, generation});
  }

  // Takes out the one that was idle longest, if it was since before `since_ms` at the latest.
  // `active_ms_of` tells when one was last active, `now_ms` if it is; none if it is gone.
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
  // Entries of connections that are gone, beyond as many as there are of others.
  static constexpr std::size_t gone_kept_max = 64;

  // Of several in one millisecond the lower slot comes first, so that the order is always the same.
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

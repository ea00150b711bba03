#include "uring/epoll/operation_index.hpp"

#include <bit>
#include <utility>

namespace pelton::uring {

std::size_t OperationIndex::place_of(Token token) const {
  std::size_t place = home_of(token);
  while (entries_[place].descriptor >= 0 && entries_[place].token != token) place = next(place);
  return place;
}

void OperationIndex::put(Token token, Descriptor descriptor) {
  if (2 * (size_ + 1) > entries_.size()) grow();
  Entry& entry = entries_[place_of(token)];
  size_ += entry.descriptor < 0 ? 1 : 0;
  entry = {token, descriptor};
}

Descriptor OperationIndex::find(Token token) const {
  return entries_.empty() ? -1 : entries_[place_of(token)].descriptor;
}

// Entries after the freed place move forward as far as their homes allow, so that no search for
// them ends too early.
void OperationIndex::drop(Token token) {
  if (entries_.empty()) return;
  std::size_t free = place_of(token);
  if (entries_[free].descriptor < 0) return;
  --size_;
  const std::size_t mask = entries_.size() - 1;
  for (std::size_t place = next(free); entries_[place].descriptor >= 0; place = next(place)) {
    const std::size_t from_home = (place - home_of(entries_[place].token)) & mask;
    const std::size_t from_free = (place - free) & mask;
    if (from_home < from_free) continue;
    entries_[free] = entries_[place];
    free = place;
  }
  entries_[free].descriptor = -1;
}

void OperationIndex::grow() {
  constexpr std::size_t first = 64;
  const std::vector<Entry> before =
      std::exchange(entries_, std::vector<Entry>(entries_.empty() ? first : 2 * entries_.size()));
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(entries_.size()));
  for (const Entry& entry : before) {
    if (entry.descriptor >= 0) entries_[place_of(entry.token)] = entry;
  }
}

}  // namespace pelton::uring

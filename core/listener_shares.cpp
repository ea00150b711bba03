#include "core/listener_shares.hpp"

#include <algorithm>

namespace pelton {

std::vector<std::vector<int>> listener_shares(const std::vector<std::vector<int>>& first,
                                              std::size_t count) {
  std::vector<std::vector<int>> shares(count);
  for (std::size_t place = 0; place < std::max(count, first.size()); ++place) {
    std::vector<int>& share = shares[place % count];
    for (const int descriptor : first[place % first.size()]) {
      if (std::ranges::find(share, descriptor) == share.end()) share.push_back(descriptor);
    }
  }
  return shares;
}

bool shares_listener(const std::vector<std::vector<int>>& shares, std::size_t slot) {
  const std::vector<int>& own = shares[slot];
  for (std::size_t other = 0; other < shares.size(); ++other) {
    if (other == slot) continue;
    if (std::ranges::find_first_of(own, shares[other]) != own.end()) return true;
  }
  return false;
}

}  // namespace pelton

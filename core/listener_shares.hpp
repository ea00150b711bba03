// Which worker accepts from which listening socket, for any number of workers.
#pragma once

#include <cstddef>
#include <vector>

namespace pelton {

// By worker slot, for `count` slots: every socket belongs to one at least, so that no queue of
// connections is left (PRC-020). `first` are those that the slots had at the start. With fewer
// slots a slot also serves sockets of slots that are gone; with more, slots share.
std::vector<std::vector<int>> listener_shares(const std::vector<std::vector<int>>& first,
                                              std::size_t count);

// Whether a slot has a listener that another slot has too.
bool shares_listener(const std::vector<std::vector<int>>& shares, std::size_t slot);

}  // namespace pelton

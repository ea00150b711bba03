// poll(2) of one descriptor, once or whenever it becomes ready again; the result is the set of
// ready events.
#pragma once

#include <bit>
#include <cstdint>

#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

inline void prepare_poll(io_uring_sqe& entry, Token token, Descriptor descriptor,
                         std::uint32_t events) {
  // The field once had 16 bits, so its halves are swapped on a big-endian machine.
  if constexpr (std::endian::native == std::endian::big) events = std::rotl(events, 16);
  begin(entry, IORING_OP_POLL_ADD, descriptor, token).poll32_events = events;
}

// A multishot poll, which the kernel wakes like an edge-triggered watcher.
inline void prepare_poll_news(io_uring_sqe& entry, Token token, Descriptor descriptor,
                              std::uint32_t events) {
  prepare_poll(entry, token, descriptor, events);
  entry.len = IORING_POLL_ADD_MULTI;
}

}  // namespace pelton::uring::ops

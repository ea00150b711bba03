// recv(2): once or multishot into the buffer ring, or once into the caller's memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "uring/limits.hpp"
#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

// An empty buffer ring ends the receive with ENOBUFS, even if no octet has come (ENG-020).
inline void prepare_receive(io_uring_sqe& entry, Token token, Descriptor socket,
                            std::uint16_t buffer_group, bool multishot) {
  io_uring_sqe& sqe = begin(entry, IORING_OP_RECV, socket, token);
  if (multishot) sqe.ioprio = IORING_RECV_MULTISHOT;
  sqe.flags = IOSQE_BUFFER_SELECT;
  sqe.buf_group = buffer_group;
}

inline void prepare_receive_into(io_uring_sqe& entry, Token token, Descriptor socket,
                                 std::span<char> memory) {
  io_uring_sqe& sqe = begin(entry, IORING_OP_RECV, socket, token);
  sqe.addr = reinterpret_cast<std::uintptr_t>(memory.data());
  sqe.len = static_cast<std::uint32_t>(std::min(memory.size(), transfer_bytes_max));
}

}  // namespace pelton::uring::ops

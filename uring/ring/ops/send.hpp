// send(2), once; it may take fewer octets than given (ENG-027).
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "uring/limits.hpp"
#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

// Without MSG_WAITALL each send shows the progress of a slow client, which its deadline needs
// (CON-010). MSG_NOSIGNAL, because a lost peer is a result and not a signal (ENG-024).
inline void prepare_send(io_uring_sqe& entry, Token token, Descriptor socket,
                         std::span<const char> octets) {
  io_uring_sqe& sqe = begin(entry, IORING_OP_SEND, socket, token);
  sqe.addr = reinterpret_cast<std::uintptr_t>(octets.data());
  sqe.len = static_cast<std::uint32_t>(std::min(octets.size(), transfer_bytes_max));
  sqe.msg_flags = MSG_NOSIGNAL;
}

}  // namespace pelton::uring::ops

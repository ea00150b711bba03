// accept4(2): multishot, that is one submission and a completion for every connection, or once.
#pragma once

#include <sys/socket.h>

#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

// The new sockets stay in blocking mode: on a non-blocking one the ring would answer EAGAIN where
// it should wait (ENG-025). The peer's address is not asked for; a multishot has nowhere to put it.
inline void prepare_accept(io_uring_sqe& entry, Token token, Descriptor listener, bool multishot) {
  io_uring_sqe& sqe = begin(entry, IORING_OP_ACCEPT, listener, token);
  if (multishot) sqe.ioprio = IORING_ACCEPT_MULTISHOT;
  sqe.accept_flags = SOCK_CLOEXEC;
}

}  // namespace pelton::uring::ops

// accept4(2): once, or multishot, which is one submission and a completion for every connection.
#pragma once

#include <sys/socket.h>

#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

// New sockets stay in blocking mode: on a non-blocking socket the ring would answer EAGAIN instead
// of waiting (ENG-025). The peer's address is not requested: a multishot has nowhere to put it.
inline void prepare_accept(io_uring_sqe& entry, Token token, Descriptor listener, bool multishot) {
  io_uring_sqe& sqe = begin(entry, IORING_OP_ACCEPT, listener, token);
  if (multishot) sqe.ioprio = IORING_ACCEPT_MULTISHOT;
  sqe.accept_flags = SOCK_CLOEXEC;
}

}  // namespace pelton::uring::ops

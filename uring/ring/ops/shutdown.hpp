// shutdown(2) of the sending side. In a ring the kernel always hands this operation to a worker
// thread (io_shutdown_prep sets REQ_F_FORCE_ASYNC), so the system call is cheaper.
#pragma once

#include <sys/socket.h>

#include <cerrno>

#include "uring/engine.hpp"

namespace pelton::uring::ops {

// A prepared shutdown; it is performed once everything submitted before it has been started.
struct Shutdown {
  Token token;
  Descriptor socket;
};

inline Completion perform(const Shutdown& shutdown) {
  const int result = ::shutdown(shutdown.socket, SHUT_WR) == 0 ? 0 : -errno;
  return {.token = shutdown.token, .result = result};
}

}  // namespace pelton::uring::ops

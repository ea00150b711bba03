// shutdown(2) of the sending side. The kernel hands this operation to a worker thread whatever the
// socket (io_shutdown_prep sets REQ_F_FORCE_ASYNC), so the call itself is the cheaper form of it.
#pragma once

#include <sys/socket.h>

#include <cerrno>

#include "uring/engine.hpp"

namespace pelton::uring::ops {

// The operation as prepared: performed once everything submitted before it has been started.
struct Shutdown {
  Token token;
  Descriptor socket;
};

inline Completion perform(const Shutdown& shutdown) {
  const int result = ::shutdown(shutdown.socket, SHUT_WR) == 0 ? 0 : -errno;
  return {.token = shutdown.token, .result = result};
}

}  // namespace pelton::uring::ops

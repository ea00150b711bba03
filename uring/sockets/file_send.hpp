// sendfile(2) to a socket that must not block, and never SIGPIPE.
#pragma once

#include <cstddef>
#include <cstdint>

#include "uring/engine.hpp"

namespace pelton::uring {

// Of the socket's description: sendfile() knows no MSG_DONTWAIT, so a blocking one is made
// non-blocking for the time of the call. Nothing else may be at work on it then; a ring that is
// entered by this thread alone is not.
enum class SocketMode : std::uint8_t { blocking, non_blocking };

// The octets taken, 0 at the end of the file, or -errno.
std::int64_t send_file(Descriptor socket, Descriptor file, std::uint64_t offset, std::size_t bytes,
                       SocketMode mode);

}  // namespace pelton::uring

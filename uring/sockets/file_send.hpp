// sendfile(2) that never blocks on the socket and never raises SIGPIPE.
#pragma once

#include <cstddef>
#include <cstdint>

#include "uring/engine.hpp"

namespace pelton::uring {

// sendfile() has no MSG_DONTWAIT, so a blocking socket is made non-blocking during the call.
// Nothing else may use the socket meanwhile; a ring that only this thread enters does not.
enum class SocketMode : std::uint8_t { blocking, non_blocking };

// Returns the octets sent, 0 at the end of the file, or -errno.
std::int64_t send_file(Descriptor socket, Descriptor file, std::uint64_t offset, std::size_t bytes,
                       SocketMode mode);

}  // namespace pelton::uring

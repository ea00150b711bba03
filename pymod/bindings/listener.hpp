// Listening sockets that are bound before any worker starts, so that a reload loses nothing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace noria::py {

// Descriptor and port of a listening TCP socket (close-on-exec, non-blocking off); an empty host
// means every address. Throws std::system_error with the cause, std::invalid_argument for a host
// that is no numeric address and resolves to none.
std::pair<int, int> bind_listener(const std::string& host, int port, int backlog, bool reuse_port);

}  // namespace noria::py

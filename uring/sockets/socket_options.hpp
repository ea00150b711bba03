// The options pelton's sockets have. TCP_DEFER_ACCEPT is not among them, because it would hide idle
// connections from our own timers, nor TCP_QUICKACK, which costs a packet per request.
#pragma once

#include <cstdint>

#include "uring/engine.hpp"

namespace pelton::uring {

struct StreamOptions {
  std::uint32_t user_timeout_ms = 30000;  // TCP_USER_TIMEOUT (CON-009); 0 is the kernel's own
  // TCP_NOTSENT_LOWAT: a socket takes more as soon as less than this has not been sent. Without it
  // a slow reader's socket is writable again only when a third of a buffer of megabytes is free,
  // and looks stuck until then (CON-004). A reader with a tiny window makes the kernel cut what it
  // takes into as tiny segments, 0.3 ms of work for 200 KB that nobody reads (CON-011); and what
  // waits here rather than there is still in a cache when it is sent.
  std::uint32_t unsent_bytes_low = 16 * 1024;
};

// TCP_NODELAY, SO_KEEPALIVE and the rest, set on a listener: every connection accepted from it is
// born with them, so they cost a new connection no system call. Does nothing on a Unix socket.
// Returns 0 or the errno of setsockopt(2).
int set_stream_options(Descriptor listener, const StreamOptions& options);

// Whenever it is closed, its peer gets a RST.
void reset_on_close(Descriptor socket);

// Closes with RST and without lingering (CON-032); nothing unsent stays in the kernel.
void close_with_reset(Descriptor socket);

// Octets wait in its receive queue; a FIN alone does not count.
bool has_unread_octets(Descriptor socket);

PeerState peer_state_of(Descriptor socket);

// listen(2) was called on the socket, and it has not been shut down since.
bool is_listening(Descriptor socket);

// How many connections may wait to be accepted from a listener.
std::uint32_t accept_queue_max(Descriptor listener);

}  // namespace pelton::uring

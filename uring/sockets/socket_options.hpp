// The options of pelton's sockets. TCP_DEFER_ACCEPT is not used, because it would hide idle
// connections from pelton's timers, nor TCP_QUICKACK, which costs a packet per request.
#pragma once

#include <cstdint>

#include "uring/engine.hpp"

namespace pelton::uring {

struct StreamOptions {
  std::uint32_t user_timeout_ms = 30000;  // TCP_USER_TIMEOUT (CON-009); 0 is the kernel's default
  // TCP_NOTSENT_LOWAT: a socket takes more octets as soon as fewer than these are unsent. Without
  // it a slow client's socket is writable again only when a third of a buffer of megabytes is free,
  // and looks stuck until then (CON-004). For a client with a tiny window the kernel cuts all
  // octets it has taken into tiny segments: 0.3 ms of work for 200 KB that nobody reads (CON-011).
  // And octets that wait in this process are still in a cache when they are sent.
  std::uint32_t unsent_bytes_low = 16 * 1024;
};

// Sets TCP_NODELAY, SO_KEEPALIVE and the options above on a listener. Accepted connections inherit
// them without a system call. Does nothing on a Unix socket. Returns 0, or the errno of
// getsockopt(2) or setsockopt(2).
int set_stream_options(Descriptor listener, const StreamOptions& options);

// Makes a later close send a RST.
void reset_on_close(Descriptor socket);

// Closes with RST and without lingering (CON-032); the kernel drops unsent octets.
void close_with_reset(Descriptor socket);

// Whether octets wait in the socket's receive queue; a FIN alone does not count.
bool has_unread_octets(Descriptor socket);

PeerState peer_state_of(Descriptor socket);

// Whether listen(2) was called on the socket and it has not been shut down since.
bool is_listening(Descriptor socket);

// How many connections may wait in a listener's accept queue.
std::uint32_t accept_queue_max(Descriptor listener);

}  // namespace pelton::uring

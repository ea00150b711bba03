// The world outside the server: what a peer does, and how descriptors are allocated.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/check.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::uring {

MemoryEngine::Socket* MemoryEngine::find(Descriptor descriptor) {
  const auto index = static_cast<std::size_t>(descriptor - descriptor_first);
  if (descriptor < descriptor_first || index >= sockets_.size()) return nullptr;
  Socket& socket = sockets_[index];
  return socket.server == Server::holds ? &socket : nullptr;
}

MemoryEngine::Socket& MemoryEngine::far_end(Peer peer) {
  return const_cast<Socket&>(std::as_const(*this).far_end(peer));
}

const MemoryEngine::Socket& MemoryEngine::far_end(Peer peer) const {
  CHECK(peer.index < sockets_.size());
  const Socket& socket = sockets_[peer.index];
  CHECK(socket.peer_open && socket.generation == peer.generation);
  return socket;
}

Descriptor MemoryEngine::descriptor_of(Peer peer) const {
  return descriptor_first + static_cast<Descriptor>(peer.index);
}

// The descriptor freed last is reused first, so a descriptor that was just closed comes back at
// once, as from a kernel.
std::uint32_t MemoryEngine::claim(Role role) {
  if (unused_.empty()) {
    unused_.push_back(static_cast<std::uint32_t>(sockets_.size()));
    sockets_.emplace_back();
  }
  const std::uint32_t index = unused_.back();
  unused_.pop_back();
  sockets_[index].role = role;
  return index;
}

// A socket is forgotten once neither side holds it; its memory stays for the next one.
void MemoryEngine::free_if_forgotten(std::uint32_t index) {
  Socket& socket = sockets_[index];
  const bool held = socket.server == Server::holds || socket.server == Server::backlog;
  if (held || socket.peer_open) return;
  Socket next;
  next.generation = socket.generation + 1;
  next.active = socket.active;
  next.inbox = std::move(socket.inbox);
  next.outbox = std::move(socket.outbox);
  next.piece_ends = std::move(socket.piece_ends);
  next.backlog = std::move(socket.backlog);
  next.inbox.clear();
  next.outbox.clear();
  next.piece_ends.clear();
  next.backlog.clear();
  socket = std::move(next);
  unused_.push_back(index);
}

void MemoryEngine::drop_server_side(std::uint32_t index, bool with_reset) {
  Socket& socket = sockets_[index];
  if (socket.role == Role::stream) {
    if (!socket.broken && (with_reset || socket.readable() > 0)) socket.was_reset = true;
    socket.shut = true;
    socket.broken = socket.broken || socket.was_reset;
  }
  for (const std::uint32_t waiting : socket.backlog) drop_server_side(waiting, true);
  socket.server = Server::dropped;
  free_if_forgotten(index);
}

void MemoryEngine::break_stream(Socket& socket, int error) {
  if (socket.broken) return;
  socket.broken = true;
  socket.error = error;
}

Descriptor MemoryEngine::listen() {
  const std::uint32_t index = claim(Role::listener);
  sockets_[index].server = Server::holds;
  return descriptor_first + static_cast<Descriptor>(index);
}

Peer MemoryEngine::connect(Descriptor listener) {
  const Socket* door = find(listener);
  CHECK(door != nullptr && door->role == Role::listener);
  const std::uint32_t index = claim(Role::stream);
  sockets_[index].server = Server::backlog;
  sockets_[index].peer_open = true;
  find(listener)->backlog.push_back(index);
  wake(listener);
  return {index, sockets_[index].generation};
}

bool MemoryEngine::is_listening(Descriptor descriptor) {
  const Socket* socket = find(descriptor);
  return socket != nullptr && socket->role == Role::listener;
}

void MemoryEngine::lose(Descriptor socket) {
  if (Socket* found = find(socket)) {
    found->broken = true;
    wake(socket);
  }
}

Descriptor MemoryEngine::open_stray() {
  const std::uint32_t index = claim(Role::stream);
  sockets_[index].server = Server::holds;
  sockets_[index].peer_finished = true;
  return descriptor_first + static_cast<Descriptor>(index);
}

void MemoryEngine::deliver(Peer peer, std::string_view octets) {
  Socket& socket = far_end(peer);
  CHECK(!socket.peer_finished);
  // Octets that come after the server's close or RST reach nobody, as on a wire.
  if (socket.broken || octets.empty()) return;
  if (socket.server == Server::dropped) return break_stream(socket, ECONNRESET);
  socket.inbox.append(octets);
  activate(peer.index);
}

void MemoryEngine::deliver(Peer peer, std::string_view octets,
                           std::span<const std::size_t> piece_bytes) {
  Socket& socket = far_end(peer);
  const std::size_t start = socket.inbox.size();
  deliver(peer, octets);
  if (socket.inbox.size() == start) return;
  // A boundary before the first piece too: the piece does not join earlier octets.
  std::size_t end = start;
  const auto cut = [&] {
    if (end > socket.inbox_taken && end < socket.inbox.size()) socket.piece_ends.push_back(end);
  };
  cut();
  for (const std::size_t bytes : piece_bytes) {
    if (bytes == 0) continue;
    end += bytes;
    cut();
  }
}

void MemoryEngine::finish(Peer peer) {
  far_end(peer).peer_finished = true;
  activate(peer.index);
}

void MemoryEngine::reset(Peer peer) {
  Socket& socket = far_end(peer);
  break_stream(socket, socket.peer_finished ? EPIPE : ECONNRESET);
  activate(peer.index);
}

void MemoryEngine::hang_up(Peer peer) {
  Socket& socket = far_end(peer);
  if (!socket.outbox.empty()) {
    reset(peer);
  } else if (!socket.peer_finished) {
    finish(peer);
  }
  // Nobody opens the window again, and it must not hold a send for ever.
  socket.window_bytes = bytes_unlimited;
  socket.peer_open = false;
  activate(peer.index);
  free_if_forgotten(peer.index);
}

std::string MemoryEngine::take_sent(Peer peer) {
  Socket& socket = far_end(peer);
  activate(peer.index);
  return std::exchange(socket.outbox, {});
}

std::string_view MemoryEngine::sent(Peer peer) const {
  return far_end(peer).outbox;
}

void MemoryEngine::set_window(Peer peer, std::size_t bytes) {
  far_end(peer).window_bytes = bytes;
  activate(peer.index);
}

bool MemoryEngine::closed(Peer peer) const {
  return far_end(peer).server == Server::dropped;
}
bool MemoryEngine::server_shutdown(Peer peer) const {
  return far_end(peer).shut;
}
bool MemoryEngine::server_reset(Peer peer) const {
  return far_end(peer).was_reset;
}

}  // namespace pelton::uring

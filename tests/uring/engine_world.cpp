#include "engine_world.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <utility>

#include "core/check.hpp"
#include "core/stats.hpp"
#include "uring/epoll/epoll_engine.hpp"
#include "uring/memory/memory_engine.hpp"
#include "uring/ring/ring.hpp"

namespace pelton::uring {
namespace {

class KernelWorld final : public EngineWorld {
 public:
  KernelWorld(std::unique_ptr<Engine> engine, std::unique_ptr<Stats> stats)
      : EngineWorld(std::move(engine)), stats_(std::move(stats)) {}

  ~KernelWorld() override {
    for (const End& end : peers_) ::close(end.socket);
    // The engine goes before the counters that it writes to.
    engine_.reset();
  }

  Descriptor listen() override {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    CHECK(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener, 128) == 0);
    return listener;
  }

  std::size_t connect(Descriptor listener) override {
    sockaddr_in address{};
    socklen_t bytes = sizeof address;
    CHECK(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // Set before the handshake, which announces the window.
    const int receive_bytes = 4096;
    ::setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    CHECK(::connect(peer, reinterpret_cast<const sockaddr*>(&address), bytes) == 0);
    peers_.push_back({.socket = peer});
    return peers_.size() - 1;
  }

  void deliver(std::size_t peer, std::string_view octets) override {
    while (!octets.empty()) {
      const ssize_t sent = ::send(peers_[peer].socket, octets.data(), octets.size(), MSG_NOSIGNAL);
      CHECK(sent > 0);
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void finish(std::size_t peer) override { ::shutdown(peers_[peer].socket, SHUT_WR); }

  void reset(std::size_t peer) override {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peers_[peer].socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(peers_[peer].socket, -1));
  }

  std::string take(std::size_t peer) override {
    End& end = peers_[peer];
    std::string taken;
    std::array<char, 16384> piece;
    for (;;) {
      const ssize_t bytes = ::recv(end.socket, piece.data(), piece.size(), MSG_DONTWAIT);
      if (bytes > 0) {
        taken.append(piece.data(), static_cast<std::size_t>(bytes));
        continue;
      }
      if (bytes == 0) end.saw_finish = true;
      if (bytes < 0 && errno == ECONNRESET) end.saw_reset = true;
      return taken;
    }
  }

  bool saw_finish(std::size_t peer) override { return peers_[peer].saw_finish; }
  bool saw_reset(std::size_t peer) override { return peers_[peer].saw_reset; }

  void narrow(std::size_t, Descriptor socket) override {
    const int send_bytes = 4096;
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
  }

 private:
  struct End {
    int socket = -1;
    bool saw_finish = false;
    bool saw_reset = false;
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  std::unique_ptr<Stats> stats_;
  std::vector<End> peers_;
};

class MemoryWorld final : public EngineWorld {
 public:
  explicit MemoryWorld(std::unique_ptr<MemoryEngine> engine)
      : EngineWorld(std::move(engine)), memory_(static_cast<MemoryEngine&>(*engine_)) {}

  Descriptor listen() override { return memory_.listen(); }

  std::size_t connect(Descriptor listener) override {
    peers_.push_back(memory_.connect(listener));
    return peers_.size() - 1;
  }

  void deliver(std::size_t peer, std::string_view octets) override {
    memory_.deliver(peers_[peer], octets);
  }
  void finish(std::size_t peer) override { memory_.finish(peers_[peer]); }
  void reset(std::size_t peer) override { memory_.reset(peers_[peer]); }
  std::string take(std::size_t peer) override { return memory_.take_sent(peers_[peer]); }
  bool saw_finish(std::size_t peer) override { return memory_.server_shutdown(peers_[peer]); }
  bool saw_reset(std::size_t peer) override { return memory_.server_reset(peers_[peer]); }
  void narrow(std::size_t peer, Descriptor) override { memory_.set_window(peers_[peer], 4096); }

 private:
  MemoryEngine& memory_;
  std::vector<Peer> peers_;
};

}  // namespace

std::unique_ptr<EngineWorld> EngineWorld::open(EngineKind kind, const EngineOptions& options) {
  auto stats = std::make_unique<Stats>();
  switch (kind) {
    case EngineKind::ring: {
      auto ring = RingEngine::open(options, *stats);
      if (!ring) return nullptr;
      return std::make_unique<KernelWorld>(std::move(*ring), std::move(stats));
    }
    case EngineKind::epoll: {
      auto epoll = EpollEngine::open(options);
      if (!epoll) return nullptr;
      return std::make_unique<KernelWorld>(std::move(*epoll), std::move(stats));
    }
    case EngineKind::memory:
      break;
  }
  return std::make_unique<MemoryWorld>(std::make_unique<MemoryEngine>(options));
}

std::vector<EngineKind> engine_kinds() {
  const char* forced = std::getenv("PELTON_ENGINE");
  if (forced != nullptr && std::string_view(forced) == "epoll") {
    return {EngineKind::epoll, EngineKind::memory};
  }
  return {EngineKind::ring, EngineKind::epoll, EngineKind::memory};
}

std::string engine_name(EngineKind kind) {
  switch (kind) {
    case EngineKind::ring:
      return "ring";
    case EngineKind::epoll:
      return "epoll";
    case EngineKind::memory:
      break;
  }
  return "memory";
}

}  // namespace pelton::uring

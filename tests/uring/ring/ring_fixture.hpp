// A ring engine on real sockets for tests: descriptors that close themselves, turns until
// completions have come, and a check that nothing is left at the end.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/monotonic.hpp"
#include "core/stats.hpp"
#include "uring/ring/ring.hpp"

namespace pelton::uring {

class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int value = -1) : value_(value) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    close();
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  ~OwnedDescriptor() { close(); }

  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }
  void close() {
    if (value_ >= 0) ::close(std::exchange(value_, -1));
  }

 private:
  int value_;
};

struct SocketPair {
  OwnedDescriptor server;
  OwnedDescriptor client;
};

inline SocketPair make_pair() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1])};
}

// A TCP listener on a free loopback port and clients of it.
class LoopbackListener {
 public:
  LoopbackListener() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address_;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address_), bytes), 0);
    EXPECT_EQ(::listen(listener_.get(), 512), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &bytes), 0);
  }

  int get() const { return listener_.get(); }
  OwnedDescriptor connect() const {
    OwnedDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(
        ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    return client;
  }

 private:
  OwnedDescriptor listener_;
  sockaddr_in address_{};
};

class RingTest : public ::testing::Test {
 protected:
  void SetUp() override { open({}); }

  void TearDown() override {
    if (engine_ == nullptr) return;
    EXPECT_EQ(engine_->operations_in_flight(), 0u);
    EXPECT_EQ(engine_->buffers().leases_out(), 0u);
  }

  void open(const EngineOptions& options) {
    engine_.reset();
    auto opened = RingEngine::open(options, stats_);
    if (!opened) GTEST_SKIP() << "no io_uring here: " << strerror(opened.error().error);
    engine_ = std::move(*opened);
  }

  // Turns until `count` completions have come, or five seconds have passed.
  std::vector<Completion> collect(std::size_t count) {
    std::vector<Completion> all;
    const std::uint64_t deadline_ns = monotonic_ns() + 5'000'000'000;
    std::array<Completion, 64> batch;
    while (all.size() < count && monotonic_ns() < deadline_ns) {
      const std::size_t room = std::min(batch.size(), count - all.size());
      const std::size_t reaped = engine_->turn(std::span(batch).first(room), deadline_ns, {});
      all.insert(all.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(reaped));
    }
    EXPECT_EQ(all.size(), count);
    return all;
  }

  Completion collect_one() {
    auto all = collect(1);
    return all.empty() ? Completion{} : all.front();
  }

  std::string take(const Completion& completion) {
    if (completion.buffer == no_buffer) return {};
    const BufferLease lease(engine_->buffers(), completion.buffer,
                            static_cast<std::size_t>(completion.result));
    return std::string(lease.view());
  }

  static Token token(Operation operation, std::uint32_t slot = 0) {
    return Token(operation, 1, slot);
  }

  Stats stats_;
  std::unique_ptr<RingEngine> engine_;
};

inline void write_all(int descriptor, std::string_view octets) {
  ASSERT_EQ(::send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(octets.size()));
}

inline std::string read_some(int descriptor) {
  std::array<char, 65536> memory;
  const ssize_t bytes = ::recv(descriptor, memory.data(), memory.size(), 0);
  return bytes > 0 ? std::string(memory.data(), static_cast<std::size_t>(bytes)) : std::string();
}

}  // namespace pelton::uring

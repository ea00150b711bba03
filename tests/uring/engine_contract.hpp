// The fixture of the engine contract's tests: one engine with its peers, waiting for a number of
// completions, and a check that nothing is left when a test ends.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine_world.hpp"
#include "uring/engine.hpp"

namespace pelton::uring {

inline std::uint64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// How long a test waits for an event that must come; only a failing test waits that long.
inline constexpr std::uint64_t patience_ns = 5'000'000'000;

class EngineContract : public ::testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override { start(EngineOptions{}); }

  void start(const EngineOptions& options) {
    world_ = EngineWorld::open(GetParam(), options);
    if (world_ == nullptr) GTEST_SKIP() << engine_name(GetParam()) << " does not start here";
  }

  void TearDown() override {
    if (world_ == nullptr) return;
    EXPECT_EQ(engine().operations_in_flight(), 0u);  // ENG-017
    EXPECT_EQ(engine().buffers().leases_out(), 0u);
  }

  Engine& engine() { return world_->engine(); }

  static Token token(Operation operation, std::uint32_t slot = 1) {
    return Token(operation, 7, slot);
  }

  std::vector<Completion> turn(std::uint64_t deadline_ns = 0) {
    std::array<Completion, 64> out;
    const std::size_t count = engine().turn(out, deadline_ns, WaitHook{});
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  // The next completions, at least one.
  std::vector<Completion> next() {
    const auto some = turn(now_ns() + patience_ns);
    EXPECT_FALSE(some.empty());
    return some;
  }

  // The next `count` completions, and no others.
  std::vector<Completion> collect(std::size_t count) {
    std::vector<Completion> all;
    const std::uint64_t deadline_ns = now_ns() + patience_ns;
    while (all.size() < count && now_ns() < deadline_ns) {
      const auto some = turn(deadline_ns);
      all.insert(all.end(), some.begin(), some.end());
    }
    EXPECT_EQ(all.size(), count);
    return all;
  }

  // The completion whose token is `wanted`.
  static Completion under(const std::vector<Completion>& completions, Token wanted) {
    const auto found = std::find_if(completions.begin(), completions.end(),
                                    [&](const Completion& one) { return one.token == wanted; });
    EXPECT_NE(found, completions.end());
    return found == completions.end() ? Completion{} : *found;
  }

  struct Connection {
    std::size_t peer = 0;
    Descriptor socket = -1;
  };

  Connection connect() {
    const Descriptor listener = world_->listen();
    const std::size_t peer = world_->connect(listener);
    engine().accept(token(Operation::accept, 99), listener);
    const Descriptor socket = collect(1)[0].result;
    EXPECT_GE(socket, 0);
    cancel(token(Operation::accept, 99));
    close(listener);
    return {peer, socket};
  }

  void cancel(Token target) {
    engine().cancel(token(Operation::cancel, 98), target);
    const auto ended = collect(2);
    const Completion own = under(ended, token(Operation::cancel, 98));
    EXPECT_TRUE(own.result == 0 || own.result == -EALREADY) << own.result;
    EXPECT_EQ(under(ended, target).result, -ECANCELED);
    EXPECT_FALSE(under(ended, target).more);
  }

  void close(Descriptor descriptor) {
    engine().close(token(Operation::close, 97), descriptor);
    EXPECT_EQ(collect(1)[0].result, 0);
  }

  // Takes all completions that still come and gives their buffers back.
  void end_all() {
    const std::uint64_t deadline_ns = now_ns() + patience_ns;
    while (engine().operations_in_flight() > 0 && now_ns() < deadline_ns) {
      for (const Completion& completion : turn(deadline_ns)) {
        if (completion.buffer != no_buffer) engine().buffers().give_back(completion.buffer);
      }
    }
  }

  void take(const Completion& completion, std::string& into) {
    ASSERT_GT(completion.result, 0);
    ASSERT_NE(completion.buffer, no_buffer);
    const BufferLease lease(engine().buffers(), completion.buffer,
                            static_cast<std::size_t>(completion.result));
    into += lease.view();
  }

  // The octets that the peer gets, up to `bytes` octets or the engine's FIN.
  std::string take_from_peer(std::size_t peer, std::size_t bytes) {
    std::string taken;
    const std::uint64_t deadline_ns = now_ns() + patience_ns;
    do {
      taken += world_->take(peer);
    } while (taken.size() < bytes && now_ns() < deadline_ns);
    return taken;
  }

  std::unique_ptr<EngineWorld> world_;
};

}  // namespace pelton::uring

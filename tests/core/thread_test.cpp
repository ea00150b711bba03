#include "core/thread.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <string>

namespace pelton {
namespace {

struct Seen {
  std::string name;
  bool blocks_signals = false;
};

TEST(Thread, has_its_name_and_blocks_all_signals) {
  Seen seen;
  const auto body = [](void* argument) -> void* {
    auto& found = *static_cast<Seen*>(argument);
    std::array<char, 16> name{};
    // The thread may run before it gets its name.
    do {
      ::pthread_getname_np(::pthread_self(), name.data(), name.size());
      found.name = name.data();
    } while (found.name != "pelton-test");
    sigset_t blocked;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    found.blocks_signals =
        sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGINT) == 1;
    return nullptr;
  };
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
  const auto thread = start_thread("pelton-test", body, &seen);
  ASSERT_TRUE(thread);
  ::pthread_join(*thread, nullptr);
  EXPECT_EQ(seen.name, "pelton-test");
  EXPECT_TRUE(seen.blocks_signals);
  sigset_t after;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

}  // namespace
}  // namespace pelton

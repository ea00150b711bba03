#include "core/fork_guard.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pelton {
namespace {

TEST(ForkGuard, ENG_052_owner_and_child_know_who_they_are) {
  const ForkGuard guard;
  EXPECT_TRUE(guard.owns());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(guard.owns() ? 1 : 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_TRUE(guard.owns());
}

TEST(ForkGuardDeathTest, ENG_052_a_child_that_needs_to_own_is_ended_with_one_line) {
  const ForkGuard guard;
  guard.require_owner();
  // A death test runs in a forked child.
  EXPECT_EXIT(
      guard.require_owner(), testing::ExitedWithCode(1),
      "^pelton: a forked child \\(pid [0-9]+\\) came back to its parent's event loop and is "
      "ended; end it with os._exit\\(\\), or start it with subprocess or multiprocessing\n$");
}

}  // namespace
}  // namespace pelton

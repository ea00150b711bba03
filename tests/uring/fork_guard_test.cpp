#include "uring/fork_guard.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pelton::uring {
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

}  // namespace
}  // namespace pelton::uring

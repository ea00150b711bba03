#include "core/wake.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace pelton {
namespace {

bool readable(const Wake& wake) {
  pollfd entry{wake.descriptor(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(Wake, ENG_053_signals_from_any_thread_count_as_one_until_drained) {
  Wake wake;
  EXPECT_FALSE(readable(wake));
  std::thread other([&] { wake.signal(); });
  wake.signal();
  other.join();
  EXPECT_TRUE(readable(wake));
  wake.drain();
  EXPECT_FALSE(readable(wake));
  wake.drain();
}

}  // namespace
}  // namespace pelton

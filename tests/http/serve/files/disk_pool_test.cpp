#include "http/serve/files/disk_pool.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <deque>
#include <thread>

namespace noria::http {
namespace {

struct Counted final : DiskWork {
  explicit Counted(std::atomic<int>& count) : worked(count) {}
  void work() override {
    on_other_thread = std::this_thread::get_id() != submitter;
    ++worked;
  }
  void done() override { ++told; }

  std::atomic<int>& worked;
  const std::thread::id submitter = std::this_thread::get_id();
  bool on_other_thread = false;
  int told = 0;
};

void wait_for(const uring::Wake& wake) {
  pollfd ready{.fd = wake.descriptor(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  wake.drain();
}

TEST(DiskPool, STA_017_another_thread_waits_and_the_loop_is_told_once) {
  uring::Wake wake;
  std::atomic<int> worked = 0;
  DiskPool pool(wake);
  std::deque<Counted> all;
  for (int index = 0; index < 200; ++index) pool.submit(all.emplace_back(worked));
  EXPECT_EQ(pool.outstanding(), 200u);
  while (pool.outstanding() != 0) {
    wait_for(wake);
    pool.deliver();
  }
  EXPECT_EQ(worked, 200);
  for (const Counted& one : all) EXPECT_TRUE(one.told == 1 && one.on_other_thread);
}

TEST(DiskPool, its_end_tells_everybody) {
  uring::Wake wake;
  std::atomic<int> worked = 0;
  std::deque<Counted> all;
  {
    DiskPool pool(wake);
    for (int index = 0; index < 50; ++index) pool.submit(all.emplace_back(worked));
  }
  for (const Counted& one : all) EXPECT_EQ(one.told, 1);
}

TEST(DiskPool, without_work_it_is_nothing) {
  uring::Wake wake;
  DiskPool pool(wake);
  pool.deliver();
  EXPECT_EQ(pool.outstanding(), 0u);
}

}  // namespace
}  // namespace noria::http

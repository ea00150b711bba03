#include "http/serve/files/disk_pool.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <semaphore>
#include <thread>

namespace pelton::http {
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

void wait_for(const Wake& wake) {
  pollfd ready{.fd = wake.descriptor(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  wake.drain();
}

TEST(DiskPool, STA_017_another_thread_waits_and_the_loop_is_told_once) {
  Wake wake;
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

// Is through when another one has been worked.
struct Held final : DiskWork {
  void work() override { let_go_in_time = let_go.try_acquire_for(std::chrono::seconds(10)); }
  void done() override {}

  std::binary_semaphore let_go{0};
  bool let_go_in_time = false;
};

struct LettingGo final : DiskWork {
  explicit LettingGo(Held& other) : held(other) {}
  void work() override { held.let_go.release(); }
  void done() override {}

  Held& held;
};

TEST(DiskPool, STA_017_work_does_not_wait_behind_what_hangs) {
  // Many times, because it depends on how soon a thread wakes up.
  for (int round = 0; round < 100; ++round) {
    Wake wake;
    DiskPool pool(wake);
    const auto finish = [&] {
      while (pool.outstanding() != 0) {
        wait_for(wake);
        pool.deliver();
      }
    };
    std::atomic<int> worked = 0;
    Counted first(worked);
    pool.submit(first);
    finish();
    Held held;
    LettingGo letting_go(held);
    pool.submit(held);
    pool.submit(letting_go);
    finish();
    ASSERT_TRUE(held.let_go_in_time);
  }
}

TEST(DiskPool, its_end_tells_everybody) {
  Wake wake;
  std::atomic<int> worked = 0;
  std::deque<Counted> all;
  {
    DiskPool pool(wake);
    for (int index = 0; index < 50; ++index) pool.submit(all.emplace_back(worked));
  }
  for (const Counted& one : all) EXPECT_EQ(one.told, 1);
}

TEST(DiskPool, without_work_it_is_nothing) {
  Wake wake;
  DiskPool pool(wake);
  pool.deliver();
  EXPECT_EQ(pool.outstanding(), 0u);
}

}  // namespace
}  // namespace pelton::http

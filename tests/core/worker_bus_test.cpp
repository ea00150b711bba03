#include "core/worker_bus.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace pelton {
namespace {

TEST(WorkerBus, what_is_written_for_a_slot_arrives_in_its_inbox_as_records) {
  auto bus = WorkerBus::create(3);
  ASSERT_TRUE(bus.has_value());
  const std::vector<int> first = bus->descriptors_of(0);
  const std::vector<int> last = bus->descriptors_of(2);
  ASSERT_EQ(first.size(), 4u);
  EXPECT_EQ(std::vector<int>(first.begin() + 1, first.end()),
            std::vector<int>(last.begin() + 1, last.end()));
  EXPECT_EQ(::write(first[3], "one", 3), 3);
  EXPECT_EQ(::write(first[3], "other", 5), 5);
  char octets[16];
  EXPECT_EQ(::read(last[0], octets, sizeof octets), 3);
  EXPECT_EQ(::read(last[0], octets, sizeof octets), 5);
  EXPECT_EQ(std::string_view(octets, 5), "other");
  EXPECT_EQ(::read(last[0], octets, sizeof octets), -1);  // it does not block
  EXPECT_EQ(errno, EAGAIN);
}

TEST(WorkerBus, ENG_051_its_descriptors_are_close_on_exec) {
  auto bus = WorkerBus::create(1);
  ASSERT_TRUE(bus.has_value());
  for (const int descriptor : bus->descriptors_of(0)) {
    EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(WorkerBus, names_differ) {
  auto one = WorkerBus::create(0);
  auto other = WorkerBus::create(0);
  ASSERT_TRUE(one.has_value() && other.has_value());
  EXPECT_EQ(one->name().size(), 32u);
  EXPECT_NE(one->name(), other->name());
}

TEST(WorkerBus, without_descriptors_it_leaves_none_behind) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(STDIN_FILENO);
  ::close(next);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(next) + 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto bus = WorkerBus::create(2);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(bus.has_value());
  EXPECT_EQ(bus.error(), EMFILE);
  const int again = ::dup(STDIN_FILENO);
  EXPECT_EQ(again, next);
  ::close(again);
}

}  // namespace
}  // namespace pelton

#include "core/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace pelton {
namespace {

// The socket of a service manager, bound to a name of the abstract namespace ("@name").
int manager_at(const std::string& address) {
  const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(name.sun_path + 1, address.data() + 1, address.size() - 1);
  EXPECT_EQ(::bind(manager, reinterpret_cast<const sockaddr*>(&name),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size())),
            0);
  return manager;
}

// PRC-054: the abstract namespace, which leaves no file behind.
TEST(ServiceManager, PRC_054_what_is_told_arrives_as_one_datagram) {
  const std::string address = "@pelton-test-" + std::to_string(::getpid());
  const int manager = manager_at(address);
  const ServiceManager told(address);
  told.tell("READY=1\nSTATUS=2 workers");
  char octets[100];
  const ssize_t bytes = ::recv(manager, octets, sizeof octets, 0);
  ASSERT_GT(bytes, 0);
  EXPECT_EQ(std::string(octets, static_cast<std::size_t>(bytes)), "READY=1\nSTATUS=2 workers");
  ::close(manager);
  // The manager's socket is gone.
  EXPECT_TRUE(told.tell("STOPPING=1"));
}

// PRC-054: the queue of a manager that does not read takes only some datagrams.
TEST(ServiceManager, PRC_054_a_full_queue_is_said_and_takes_more_once_it_was_read) {
  const std::string address = "@pelton-test-full-" + std::to_string(::getpid());
  const int manager = manager_at(address);
  const ServiceManager told(address);
  int sent = 0;
  while (sent < 100'000 && told.tell("WATCHDOG=1")) ++sent;
  ASSERT_GT(sent, 0);
  ASSERT_LT(sent, 100'000);
  EXPECT_FALSE(told.tell("READY=1"));
  char octets[100];
  while (::recv(manager, octets, sizeof octets, 0) > 0) --sent;
  EXPECT_EQ(sent, 0);
  EXPECT_TRUE(told.tell("READY=1"));
  EXPECT_EQ(::recv(manager, octets, sizeof octets, 0), 7);
  ::close(manager);
}

TEST(ServiceManager, PRC_054_what_must_arrive_waits_in_its_order) {
  const std::string address = "@pelton-test-later-" + std::to_string(::getpid());
  const int manager = manager_at(address);
  ServiceManager told(address);
  while (told.tell("WATCHDOG=1")) {
  }
  told.tell_later("RELOADING=1");
  told.tell_later("READY=1");
  char octets[100];
  std::string last;
  while (::recv(manager, octets, sizeof octets, 0) > 0) last.assign(octets, 8);
  EXPECT_EQ(last, "WATCHDOG");
  told.tell_waiting();
  EXPECT_EQ(::recv(manager, octets, sizeof octets, 0), 11);
  EXPECT_EQ(::recv(manager, octets, sizeof octets, 0), 7);
  EXPECT_EQ(::recv(manager, octets, sizeof octets, 0), -1);
  ::close(manager);
}

TEST(ServiceManager, none_and_one_that_is_not_there_are_told_nothing) {
  EXPECT_TRUE(ServiceManager("").tell("READY=1"));
  EXPECT_TRUE(ServiceManager("/no/such/socket").tell("READY=1"));
  EXPECT_TRUE(ServiceManager(std::string(200, 'x')).tell("READY=1"));
}

}  // namespace
}  // namespace pelton

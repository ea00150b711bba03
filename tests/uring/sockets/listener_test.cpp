#include "uring/sockets/listener.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace pelton::uring {
namespace {

TEST(Listener, tcp_takes_a_free_port_in_non_blocking_mode_and_close_on_exec) {
  auto listener = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(listener) << listener.error().what;
  EXPECT_NE(listener->port(), 0);
  EXPECT_NE(::fcntl(listener->descriptor(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(listener->descriptor(), F_GETFD) & FD_CLOEXEC, 0);  // ENG-051
}

TEST(Listener, tcp_says_which_port_is_in_use) {
  auto first = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(first);
  auto second = Listener::tcp("127.0.0.1", first->port(), 16, PortSharing::none);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error, EADDRINUSE);
  EXPECT_EQ(second.error().what, "cannot listen on 127.0.0.1:" + std::to_string(first->port()) +
                                     ": Address already in use");
}

TEST(Listener, founder_shares_with_members_and_with_no_second_founder) {
  auto founder = Listener::tcp("127.0.0.1", 0, 16, PortSharing::founder);
  ASSERT_TRUE(founder);
  auto member = Listener::tcp("127.0.0.1", founder->port(), 16, PortSharing::member);
  ASSERT_TRUE(member) << member.error().what;
  EXPECT_EQ(member->port(), founder->port());
  auto stranger = Listener::tcp("127.0.0.1", founder->port(), 16, PortSharing::founder);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().error, EADDRINUSE);
}

TEST(Listener, connections_reach_founder_and_member) {
  auto founder = Listener::tcp("127.0.0.1", 0, 256, PortSharing::founder);
  ASSERT_TRUE(founder);
  auto member = Listener::tcp("127.0.0.1", founder->port(), 256, PortSharing::member);
  ASSERT_TRUE(member);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(founder->port());
  int clients[64];
  for (int& client : clients) {
    client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  const auto accepted_by = [](const Listener& listener) {
    int count = 0;
    for (int socket; (socket = ::accept(listener.descriptor(), nullptr, nullptr)) >= 0; ++count) {
      ::close(socket);
    }
    return count;
  };
  const int by_founder = accepted_by(*founder);
  const int by_member = accepted_by(*member);
  EXPECT_EQ(by_founder + by_member, 64);
  EXPECT_GT(by_founder, 0);
  EXPECT_GT(by_member, 0);
  for (const int client : clients) ::close(client);
}

TEST(Listener, connections_are_steered_by_the_cpu_on_which_they_come_in) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &before)) cpus.push_back(cpu);
  auto first = Listener::tcp("127.0.0.1", 0, 256, PortSharing::member);
  ASSERT_TRUE(first);
  auto second = Listener::tcp("127.0.0.1", first->port(), 256, PortSharing::member);
  ASSERT_TRUE(second);
  ASSERT_TRUE(steer_by_cpu(first->descriptor(), cpus, 2));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(first->port());
  for (std::size_t index = 0; index < cpus.size(); ++index) {
    // Over the loopback a connection comes in on the CPU of its client.
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus[index], &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const Listener& expected = index % 2 == 0 ? *first : *second;
    const int accepted = ::accept(expected.descriptor(), nullptr, nullptr);
    EXPECT_GE(accepted, 0) << "from CPU " << cpus[index];
    ::close(accepted);
    ::close(client);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Listener, tcp_takes_ipv6) {
  auto listener = Listener::tcp("::1", 0, 16, PortSharing::none);
  if (!listener && listener.error().error == EADDRNOTAVAIL) GTEST_SKIP() << "no IPv6 here";
  ASSERT_TRUE(listener) << listener.error().what;
  EXPECT_NE(listener->port(), 0);
  auto again = Listener::tcp("::1", listener->port(), 16, PortSharing::none);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().what.rfind("cannot listen on [::1]:", 0), 0u);
}

TEST(Listener, tcp_names_a_host_that_does_not_resolve) {
  auto listener = Listener::tcp("256.1.1.1.invalid", 80, 16, PortSharing::none);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().error, 0);
  EXPECT_EQ(listener.error().what.rfind("cannot listen on 256.1.1.1.invalid:80: ", 0), 0u);
}

TEST(Listener, tcp_names_an_address_of_another_machine) {
  auto listener = Listener::tcp("192.0.2.1", 0, 16, PortSharing::none);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().error, EADDRNOTAVAIL);
}

class UnixListener : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pelton_listener_XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/socket";
  }
  void TearDown() override {
    ::unlink(path_.c_str());
    ::rmdir(folder_.c_str());
  }
  std::string folder_;
  std::string path_;
};

TEST_F(UnixListener, listens_at_a_path) {
  auto listener = Listener::unix_path(path_, 16);
  ASSERT_TRUE(listener) << listener.error().what;
  EXPECT_EQ(listener->port(), 0);
  EXPECT_NE(::fcntl(listener->descriptor(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(listener->descriptor(), F_GETFD) & FD_CLOEXEC, 0);  // ENG-051
}

TEST_F(UnixListener, replaces_what_a_dead_server_left) {
  {
    ASSERT_TRUE(Listener::unix_path(path_, 16));
  }
  auto listener = Listener::unix_path(path_, 16);
  ASSERT_TRUE(listener) << listener.error().what;
}

TEST_F(UnixListener, leaves_a_living_server_alone) {
  auto living = Listener::unix_path(path_, 16);
  ASSERT_TRUE(living);
  auto second = Listener::unix_path(path_, 16);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error, EADDRINUSE);
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
}

TEST_F(UnixListener, leaves_a_file_alone) {
  std::fclose(std::fopen(path_.c_str(), "w"));
  auto listener = Listener::unix_path(path_, 16);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().error, EADDRINUSE);
  struct stat entry{};
  ASSERT_EQ(::stat(path_.c_str(), &entry), 0);
  EXPECT_TRUE(S_ISREG(entry.st_mode));
}

TEST_F(UnixListener, refuses_a_path_longer_than_the_kernel_takes) {
  const std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
  std::string longest = folder_ + "/";
  longest.append(path_bytes_max - longest.size(), 's');
  EXPECT_TRUE(Listener::unix_path(longest, 16));
  ::unlink(longest.c_str());
  auto too_long = Listener::unix_path(longest + "s", 16);
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().error, ENAMETOOLONG);
  EXPECT_FALSE(Listener::unix_path("", 16));
}

TEST_F(UnixListener, says_what_is_missing) {
  auto listener = Listener::unix_path(folder_ + "/absent/socket", 16);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().what,
            "cannot listen on unix:" + folder_ + "/absent/socket: No such file or directory");
}

TEST(Listener, release_hands_the_descriptor_over) {
  auto listener = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(listener);
  const Descriptor descriptor = listener->release();
  EXPECT_EQ(listener->descriptor(), -1);
  EXPECT_EQ(::close(descriptor), 0);
}

}  // namespace
}  // namespace pelton::uring

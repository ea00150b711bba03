#include "uring/sockets/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstring>

#include "uring/sockets/listener.hpp"

namespace pelton::uring {
namespace {

sockaddr_storage ipv6(const char* text, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  EXPECT_EQ(::inet_pton(AF_INET6, text, &address.sin6_addr), 1);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return storage;
}

TEST(Address, ipv6_is_text_without_brackets) {
  EXPECT_EQ(address_from(ipv6("2001:db8::7", 443)), (Address{"2001:db8::7", 443}));
}

TEST(Address, ipv4_inside_ipv6_is_ipv4) {
  EXPECT_EQ(address_from(ipv6("::ffff:192.0.2.9", 80)), (Address{"192.0.2.9", 80}));
}

TEST(Address, both_ends_of_a_connection_agree) {
  auto listener = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(listener);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(listener->port());
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  const int server = ::accept(listener->descriptor(), nullptr, nullptr);
  EXPECT_EQ(local_address(server), (Address{"127.0.0.1", listener->port()}));
  EXPECT_EQ(peer_address(server), local_address(client));
  EXPECT_EQ(peer_address(client), local_address(server));
  ::close(server);
  ::close(client);
}

TEST(Address, unix_sockets_and_lost_peers_have_none) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  EXPECT_EQ(peer_address(ends[0]), Address{});
  ::close(ends[0]);
  ::close(ends[1]);
  const int unconnected = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(peer_address(unconnected), Address{});
  ::close(unconnected);
  EXPECT_EQ(local_address(-1), Address{});
}

}  // namespace
}  // namespace pelton::uring

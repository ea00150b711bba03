#include "uring/sockets/socket_options.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "uring/sockets/listener.hpp"

namespace pelton::uring {
namespace {

int value_of(int socket, int level, int option) {
  int value = -1;
  socklen_t bytes = sizeof value;
  EXPECT_EQ(::getsockopt(socket, level, option, &value, &bytes), 0);
  return value;
}

struct Connected {
  int client;
  int server;
};

Connected connect_to(const Listener& listener) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(listener.port());
  EXPECT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  return {client, ::accept(listener.descriptor(), nullptr, nullptr)};
}

TEST(SocketOptions, CON_009_connections_are_born_with_the_options_of_their_listener) {
  auto listener = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(listener);
  EXPECT_EQ(set_stream_options(listener->descriptor(), {.user_timeout_ms = 12345}), 0);
  const Connected ends = connect_to(*listener);
  EXPECT_EQ(value_of(ends.server, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(value_of(ends.server, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(value_of(ends.server, IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
  EXPECT_EQ(value_of(ends.server, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 16 * 1024);
  EXPECT_EQ(value_of(ends.server, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
  ::close(ends.server);
  ::close(ends.client);
}

TEST(SocketOptions, unix_sockets_need_none) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(set_stream_options(socket, {}), 0);
  ::close(socket);
}

TEST(SocketOptions, what_is_not_a_socket_is_refused) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(set_stream_options(ends[0], {}), ENOTSOCK);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(SocketOptions, octets_wait_until_they_are_received_and_a_fin_is_none) {
  auto listener = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(listener);
  const Connected ends = connect_to(*listener);
  EXPECT_FALSE(has_unread_octets(ends.server));
  ASSERT_EQ(::send(ends.client, "x", 1, 0), 1);
  EXPECT_TRUE(has_unread_octets(ends.server));
  char octet;
  ASSERT_EQ(::recv(ends.server, &octet, 1, 0), 1);
  ::close(ends.client);
  ASSERT_EQ(::recv(ends.server, &octet, 1, 0), 0);
  EXPECT_FALSE(has_unread_octets(ends.server));
  EXPECT_FALSE(has_unread_octets(-1));
  ::close(ends.server);
}

TEST(SocketOptions, CON_045_a_peers_end_shows_behind_unread_octets) {
  auto listener = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(listener);
  const Connected ends = connect_to(*listener);
  EXPECT_EQ(peer_state_of(ends.server), PeerState::open);
  ASSERT_EQ(::send(ends.client, "x", 1, 0), 1);
  EXPECT_EQ(peer_state_of(ends.server), PeerState::open);
  ASSERT_EQ(::shutdown(ends.client, SHUT_WR), 0);
  EXPECT_EQ(peer_state_of(ends.server), PeerState::finished);
  close_with_reset(ends.client);
  EXPECT_EQ(peer_state_of(ends.server), PeerState::gone);
  ::close(ends.server);
}

TEST(SocketOptions, CON_032_close_with_reset_reaches_the_peer_as_RST) {
  auto listener = Listener::tcp("127.0.0.1", 0, 16, PortSharing::none);
  ASSERT_TRUE(listener);
  const Connected ends = connect_to(*listener);
  close_with_reset(ends.server);
  char octet;
  EXPECT_EQ(::recv(ends.client, &octet, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
  ::close(ends.client);
}

}  // namespace
}  // namespace pelton::uring

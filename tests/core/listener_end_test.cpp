#include "core/listener_end.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace pelton {
namespace {

// A listening socket and the clients that connect to it.
class Listening {
 public:
  explicit Listening(int family) : descriptor_(::socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in inet{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    sockaddr_in6 inet6{.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    sockaddr_un local{.sun_family = AF_UNIX, .sun_path = {}};  // the kernel chooses a name
    if (family == AF_INET) bind_to(&inet, sizeof inet);
    if (family == AF_INET6) bind_to(&inet6, sizeof inet6);
    if (family == AF_UNIX) bind_to(&local, sizeof local.sun_family);
    EXPECT_EQ(::listen(descriptor_, 16), 0);
    EXPECT_EQ(::getsockname(descriptor_, plain(), &bytes_), 0);
  }
  Listening(const Listening&) = delete;
  ~Listening() {
    for (const int client : clients_) ::close(client);
    ::close(descriptor_);
  }

  int descriptor() const { return descriptor_; }
  // 0, or the errno of connect(2): EINPROGRESS until the handshake has ended.
  int connect() {
    const int client = ::socket(address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    clients_.push_back(client);
    if (::connect(client, plain(), bytes_) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    const int refusal = error();
    return refusal != 0 || state_of(client) == TCP_ESTABLISHED ? refusal : EINPROGRESS;
  }
  // The error of the client that connected last.
  int error() const {
    int error = -1;
    socklen_t bytes = sizeof error;
    EXPECT_EQ(::getsockopt(clients_.back(), SOL_SOCKET, SO_ERROR, &error, &bytes), 0);
    return error;
  }
  int accept() const { return ::accept(descriptor_, nullptr, nullptr); }
  int client() const { return clients_.back(); }

 private:
  sockaddr* plain() { return reinterpret_cast<sockaddr*>(&address_); }
  void bind_to(const void* address, socklen_t bytes) {
    std::memcpy(&address_, address, bytes);
    EXPECT_EQ(::bind(descriptor_, plain(), bytes), 0);
    bytes_ = sizeof address_;
  }
  static int state_of(int socket) {
    tcp_info info{};
    socklen_t bytes = sizeof info;
    ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes);
    return info.tcpi_state;
  }

  int descriptor_;
  sockaddr_storage address_{};
  socklen_t bytes_ = 0;
  std::vector<int> clients_;
};

class ListenerEndOfFamily : public testing::TestWithParam<int> {};

TEST_P(ListenerEndOfFamily, PRC_011_who_waits_is_accepted_and_no_handshake_ends_meanwhile) {
  constexpr std::uint64_t begin_ms = 5000;
  constexpr std::uint64_t handshake_ms = ListenerEnd::handshake_loopback_ms;
  Listening listening(GetParam());
  ListenerEnd end(listening.descriptor());
  ASSERT_EQ(listening.connect(), 0);
  EXPECT_FALSE(end.proceed(begin_ms));
  EXPECT_EQ(listening.connect(), EINPROGRESS);
  EXPECT_FALSE(end.proceed(begin_ms + handshake_ms - 1));
  // A connection waits in the queue, so the listener is not shut down.
  EXPECT_FALSE(end.proceed(begin_ms + handshake_ms));
  const int accepted = listening.accept();
  ASSERT_GE(accepted, 0);
  EXPECT_FALSE(has_connection_waiting(listening.descriptor()));
  EXPECT_FALSE(end.is_shut());
  EXPECT_TRUE(end.proceed(begin_ms + handshake_ms));
  EXPECT_TRUE(end.is_shut());
  EXPECT_EQ(listening.connect(), ECONNREFUSED);
  EXPECT_TRUE(end.proceed(begin_ms + handshake_ms + 1));
  ::close(accepted);
}

TEST_P(ListenerEndOfFamily, PRC_011_connections_that_nobody_accepts_hold_up_nothing_for_long) {
  constexpr std::uint64_t last_ms = ListenerEnd::handshake_loopback_ms + ListenerEnd::accept_ms_max;
  Listening listening(GetParam());
  ListenerEnd end(listening.descriptor());
  ASSERT_EQ(listening.connect(), 0);
  EXPECT_FALSE(end.proceed(0));
  EXPECT_FALSE(end.proceed(last_ms - 1));
  EXPECT_TRUE(end.proceed(last_ms));
  EXPECT_EQ(listening.error(), ECONNRESET);
}

// Accepted connections go on: the filter that they inherit drops handshakes only.
TEST_P(ListenerEndOfFamily, connections_accepted_meanwhile_work) {
  Listening listening(GetParam());
  ListenerEnd end(listening.descriptor());
  ASSERT_EQ(listening.connect(), 0);
  EXPECT_FALSE(end.proceed(0));
  const int accepted = listening.accept();
  char octet = 'x';
  EXPECT_EQ(::send(listening.client(), &octet, 1, 0), 1);
  EXPECT_EQ(::recv(accepted, &octet, 1, 0), 1);
  EXPECT_EQ(::send(accepted, &octet, 1, 0), 1);
  EXPECT_EQ(::recv(listening.client(), &octet, 1, 0), 1);
  ::shutdown(listening.client(), SHUT_WR);
  EXPECT_EQ(::recv(accepted, &octet, 1, 0), 0);
  ::close(accepted);
}

INSTANTIATE_TEST_SUITE_P(OverTcp, ListenerEndOfFamily, testing::Values(AF_INET, AF_INET6),
                         [](const auto& family) {
                           return family.param == AF_INET ? "inet" : "inet6";
                         });

TEST(ListenerEnd, PRC_011_a_unix_socket_is_shut_down_before_its_queue_is_emptied) {
  Listening listening(AF_UNIX);
  ListenerEnd end(listening.descriptor());
  ASSERT_EQ(listening.connect(), 0);
  EXPECT_TRUE(end.proceed(0));
  EXPECT_EQ(listening.connect(), ECONNREFUSED);
  const int accepted = listening.accept();
  EXPECT_GE(accepted, 0);
  ::close(accepted);
}

TEST(ListenerEnd, PRC_011_a_network_has_the_time_of_a_round_trip_for_handshakes) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::listen(listener, 1), 0);  // bound to every address
  ListenerEnd end(listener);
  EXPECT_FALSE(end.proceed(0));
  EXPECT_FALSE(end.proceed(ListenerEnd::handshake_ms - 1));
  EXPECT_TRUE(end.proceed(ListenerEnd::handshake_ms));
  ::close(listener);
}

TEST(ListenerEnd, nobody_is_left_to_accept) {
  Listening listening(AF_INET);
  ListenerEnd end(listening.descriptor());
  ASSERT_EQ(listening.connect(), 0);
  EXPECT_TRUE(has_connection_waiting(listening.descriptor()));
  end.shut();
  EXPECT_TRUE(end.is_shut());
  EXPECT_EQ(listening.error(), ECONNRESET);
}

}  // namespace
}  // namespace pelton

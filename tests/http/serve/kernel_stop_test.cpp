// How a server on an engine of the kernel's stops: what becomes of its listeners, and of a thread
// that calls while it waits for the last connection.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/core_state.hpp"
#include "core/listener_end.hpp"
#include "served.hpp"
#include "uring/choice.hpp"
#include "uring/sockets/listener.hpp"
#include "uring/sockets/socket_options.hpp"

namespace pelton::http {
namespace {

using uring::EngineRequest;

class KernelStop : public testing::TestWithParam<EngineRequest> {
 protected:
  ~KernelStop() override {
    for (const int client : clients_) ::close(client);
  }

  // False where the machine allows no ring.
  bool serve(uring::Descriptor listener, bool owns_listeners, CoreState* core_state) {
    auto choice = uring::choose_engine(GetParam(), {}, stats_);
    if (!choice) return false;
    engine_ = std::move(choice->engine);
    server_ = std::make_unique<Server>(ServerParts{.engine = *engine_,
                                                   .clock = clock_,
                                                   .routes = routes_,
                                                   .config = config_,
                                                   .stats = stats_,
                                                   .owns_listeners = owns_listeners,
                                                   .core_state = core_state,
                                                   .turn_interval_ms_max = turn_interval_ms});
    loop_ = std::make_unique<uring::Loop>(*engine_, clock_, *server_);
    server_->listen(listener);
    return true;
  }

  // The errno of connect(2), or 0 and one client more.
  int connect(const sockaddr* address, socklen_t bytes) {
    const int client = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(client, address, bytes) != 0) {
      const int error = errno;
      ::close(client);
      return error;
    }
    clients_.push_back(client);
    return 0;
  }
  int connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  void ask(std::string_view path) {
    const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    ASSERT_EQ(::send(clients_.back(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
  }
  // Everything until the server ends the connection, which it does meanwhile.
  std::string rest(int client) {
    std::string received;
    std::array<char, 4096> octets;
    for (;;) {
      const ssize_t bytes = ::recv(client, octets.data(), octets.size(), MSG_DONTWAIT);
      if (bytes > 0) received.append(octets.data(), static_cast<std::size_t>(bytes));
      if (bytes == 0 || (bytes < 0 && errno != EAGAIN)) return received;
      if (bytes < 0) loop_->turn({});
    }
  }

  template <typename Condition>
  void turn_until(const Condition& condition) {
    while (!condition()) loop_->turn({});
  }

  static constexpr std::uint64_t turn_interval_ms = 200;

  Stats stats_;
  Clock clock_;
  ServerConfig config_;
  Seen seen_;
  const RouteTable routes_ = serve_test_routes(seen_);
  std::unique_ptr<uring::Engine> engine_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<uring::Loop> loop_;
  std::vector<int> clients_;
};

TEST_P(KernelStop, PRC_011_connecting_is_refused_while_the_last_request_goes_on) {
  auto listener = *uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  if (!serve(listener.descriptor(), true, nullptr)) GTEST_SKIP();
  ASSERT_EQ(connect(listener.port()), 0);
  ask("/later/a");
  turn_until([&] { return !seen_.suspended.empty(); });
  // Waits in the queue as the stop begins, and is served.
  ASSERT_EQ(connect(listener.port()), 0);
  ask("/");
  server_->stop();
  EXPECT_EQ(status_of(rest(clients_[1])), 200);
  turn_until([&] { return !uring::is_listening(listener.descriptor()); });
  EXPECT_EQ(connect(listener.port()), ECONNREFUSED);
  EXPECT_FALSE(server_->finished());
  answer_later(seen_.suspended.front(), "late");
  EXPECT_EQ(body_of(rest(clients_[0])), "late");
  ::shutdown(clients_[0], SHUT_RDWR);
  ::shutdown(clients_[1], SHUT_RDWR);
  turn_until([&] { return server_->finished(); });
  EXPECT_FALSE(server_->retired());
  EXPECT_EQ(stats_.of(Reason::fallback_accept_single), 0u);
}

TEST_P(KernelStop, PRC_011_connecting_to_a_unix_socket_is_refused_too) {
  std::array<char, 32> folder{"/tmp/pelton-stop-XXXXXX"};
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = std::string(folder.data()) + "/socket";
  auto listener = *uring::Listener::unix_path(path, 16);
  if (!serve(listener.descriptor(), true, nullptr)) GTEST_SKIP();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  ASSERT_EQ(connect(plain, sizeof address), 0);
  ask("/later/a");
  turn_until([&] { return !seen_.suspended.empty(); });
  ASSERT_EQ(connect(plain, sizeof address), 0);
  ask("/");
  server_->stop();
  EXPECT_EQ(status_of(rest(clients_[1])), 200);
  EXPECT_EQ(connect(plain, sizeof address), ECONNREFUSED);
  answer_later(seen_.suspended.front(), "late");
  EXPECT_EQ(body_of(rest(clients_[0])), "late");
  for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
  turn_until([&] { return server_->finished(); });
  EXPECT_FALSE(server_->retired());
  ::unlink(path.c_str());
  ::rmdir(folder.data());
}

// Whoever shuts the listener down decides when: until then all who come are served.
TEST_P(KernelStop, PRC_011_PRC_020_a_supervisor_decides_when_accepting_ends) {
  auto listener = *uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  CoreState state;
  state.listeners_end = 1;
  if (!serve(listener.descriptor(), false, &state)) GTEST_SKIP();
  ASSERT_EQ(connect(listener.port()), 0);
  ask("/later/a");
  turn_until([&] { return !seen_.suspended.empty(); });
  EXPECT_EQ(state.queues_emptied, 0u);
  server_->stop();
  turn_until([&] { return state.queues_emptied != 0; });
  ASSERT_EQ(connect(listener.port()), 0);
  ask("/");
  EXPECT_EQ(status_of(rest(clients_[1])), 200);
  ListenerEnd(listener.descriptor()).shut();
  EXPECT_EQ(connect(listener.port()), ECONNREFUSED);
  answer_later(seen_.suspended.front(), "late");
  EXPECT_EQ(body_of(rest(clients_[0])), "late");
  for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
  turn_until([&] { return server_->finished(); });
  EXPECT_FALSE(server_->retired());
}

TEST_P(KernelStop, PRC_020_listeners_that_outlive_the_stop_keep_who_comes_later) {
  auto listener = *uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  CoreState state;
  if (!serve(listener.descriptor(), false, &state)) GTEST_SKIP();
  loop_->turn({});
  server_->stop();
  turn_until([&] { return server_->finished(); });
  ASSERT_EQ(connect(listener.port()), 0);
  EXPECT_TRUE(has_connection_waiting(listener.descriptor()));
}

TEST_P(KernelStop, PRC_011_PRC_054_a_stop_ends_our_listener_and_none_of_somebody_else) {
  auto ours = *uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  auto theirs = *uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  if (!serve(ours.descriptor(), true, nullptr)) GTEST_SKIP();
  server_->listen(theirs.descriptor(), Server::Sharing::none, Server::Owner::somebody_else);
  ASSERT_EQ(connect(theirs.port()), 0);
  ask("/later/a");
  turn_until([&] { return !seen_.suspended.empty(); });
  server_->stop();
  turn_until([&] { return !uring::is_listening(ours.descriptor()); });
  ASSERT_EQ(connect(theirs.port()), 0);
  answer_later(seen_.suspended.front(), "late");
  EXPECT_EQ(body_of(rest(clients_[0])), "late");
  for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
  turn_until([&] { return server_->finished(); });
  EXPECT_TRUE(has_connection_waiting(theirs.descriptor()));
}

// Accepting is over by then, and nothing else would end the wait: a turn that hears of nothing
// lasts until the loop's next sign of life.
TEST_P(KernelStop, PRC_002_a_quick_stop_in_the_middle_of_a_drain_is_heard_at_once) {
  auto listener = *uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  if (!serve(listener.descriptor(), false, nullptr)) GTEST_SKIP();
  ASSERT_EQ(connect(listener.port()), 0);
  ask("/later/a");
  turn_until([&] { return !seen_.suspended.empty(); });
  server_->stop();
  // Each of these has something to do but the last, which waits until the loop's next sign of life.
  while (loop_->turn({}) != 0) {
  }
  // Called as the loop falls asleep, as by another thread.
  const auto stop_quickly = [](void* server) { static_cast<Server*>(server)->stop_quickly(); };
  EXPECT_GT(loop_->turn({.before = stop_quickly, .context = server_.get()}), 0u);
  turn_until([&] { return server_->finished(); });
}

INSTANTIATE_TEST_SUITE_P(Engines, KernelStop,
                         testing::Values(EngineRequest::epoll, EngineRequest::uring),
                         [](const auto& engine) {
                           return engine.param == EngineRequest::epoll ? "epoll" : "uring";
                         });

}  // namespace
}  // namespace pelton::http

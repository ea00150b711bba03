#include "http/serve/admin_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "uring/sockets/listener.hpp"

namespace pelton::http {
namespace {

// The answer to one request on a connection of its own, which the request closes.
std::string answer_of(std::uint16_t port, const std::string& path) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(::send(descriptor, request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char piece[1024];
  for (ssize_t got = 0; (got = ::recv(descriptor, piece, sizeof piece, 0)) > 0;) {
    answer.append(piece, static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return answer;
}

TEST(AdminServer, answers_from_a_thread_of_its_own_until_it_is_gone) {
  CoreState core;
  core.process_id = static_cast<std::uint64_t>(::getpid());
  core.enter(Phase::serving);
  auto listener = uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  ASSERT_TRUE(listener.has_value());
  {
    // This thread only waits for it.
    const AdminServer server(listener->descriptor(), {&core}, 1'000'000'000'000);
    ASSERT_EQ(server.problem(), "");
    EXPECT_TRUE(answer_of(listener->port(), "/health/live").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(answer_of(listener->port(), "/health/ready").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(answer_of(listener->port(), "/workers").ends_with("}]"));
    EXPECT_TRUE(answer_of(listener->port(), "/").starts_with("HTTP/1.1 404 "));
    core.stop_begun = 1;
    EXPECT_TRUE(answer_of(listener->port(), "/health/ready").starts_with("HTTP/1.1 503 "));
  }
  // The listener is the caller's still, and may be served again.
  const AdminServer next(listener->descriptor(), {}, 1);
  EXPECT_TRUE(answer_of(listener->port(), "/workers").ends_with("\r\n\r\n[]"));
}

}  // namespace
}  // namespace pelton::http

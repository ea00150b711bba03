// Once a server is warm, a request costs no memory: neither operator new nor malloc is called by
// anything between the socket and the handler, on either kernel engine.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "tests/http/serve/relay.hpp"
#include "tests/support/allocations.hpp"
#include "uring/choice.hpp"
#include "uring/loop.hpp"
#include "uring/sockets/listener.hpp"

namespace pelton::http {
namespace {

const ContentType plain("text/plain");

Outcome answer(Exchange& exchange, std::string_view body) {
  return exchange.respond({.content_type = &plain}, body) == HeadFault::none ? Outcome::responded
                                                                             : Outcome::failed;
}

Outcome hello(void*, Exchange& exchange) {
  return answer(exchange, "hello");
}

Outcome echo(void*, Exchange& exchange) {
  return answer(exchange, exchange.body());
}

// Leaves the exchange to whoever has the handle.
Outcome later(void* context, Exchange& exchange) {
  const auto hear_nothing = [](void*, ExchangeEvent, Exchange&) {};
  *static_cast<ExchangeHandle*>(context) =
      exchange.suspend({.call = hear_nothing, .context = nullptr});
  return Outcome::pending;
}

RouteTable routes(ExchangeHandle& waiting) {
  Router router;
  const std::array<std::string_view, 1> get{"GET"};
  const std::array<std::string_view, 1> post{"POST"};
  for (const std::string_view pattern : {"/", "/items/{id:int}", "/files/{name}/{rest:path}"}) {
    router.settings(*router.add(get, pattern)).handler = {hello, nullptr};
  }
  router.settings(*router.add(post, "/echo")).handler = {echo, nullptr};
  router.settings(*router.add(post, "/later/{name}")).handler = {later, &waiting};
  RouteSettings& streams = router.settings(*router.add(post, "/relay/{how}"));
  streams.handler = {relay, nullptr};
  streams.streams_body = true;
  return router.freeze({});
}

// Stands still within a turn, so that how fast this machine is does not decide who waits for a
// turn; or passes by so much with each look that every slice of a turn is over at once.
class TurnClock final : public Clock {
 public:
  static constexpr std::uint64_t slice_ns = 200'000;

  std::uint64_t read_ns() const override {
    if (!hurries) return now_ns();
    passed_ns_ += slice_ns;
    return Clock::read_ns() + passed_ns_;
  }
  void refresh() override {
    Clock::refresh();
    set_now_ns(now_ns() + passed_ns_);
  }

  bool hurries = false;

 private:
  mutable std::uint64_t passed_ns_ = 0;
};

// A server that is never waited for long: its next event may need the client, which has this
// thread.
class ImpatientWork final : public uring::Work {
 public:
  ImpatientWork(Server& server, const TurnClock& clock) : server_(server), clock_(clock) {}

  void settle(std::uint64_t seen_ns) override { server_.settle(seen_ns); }
  std::uint64_t next_deadline_ns() const override {
    if (clock_.hurries) return 0;  // it is ahead of the engine's time
    constexpr std::uint64_t patience_ns = 1'000'000;
    return std::min(server_.next_deadline_ns(), clock_.now_ns() + patience_ns);
  }
  void complete(std::span<const uring::Completion> batch) override { server_.complete(batch); }

 private:
  Server& server_;
  const TurnClock& clock_;
};

// One server and one client on a socket, taking turns in one thread.
class SteadyState : public testing::TestWithParam<uring::EngineRequest> {
 protected:
  void SetUp() override {
    auto choice = uring::choose_engine(GetParam(), {}, stats_);
    if (!choice) GTEST_SKIP() << choice.error().cause;
    engine_ = std::move(choice->engine);
    server_ = std::make_unique<Server>(ServerParts{.engine = *engine_,
                                                   .clock = clock_,
                                                   .routes = routes_,
                                                   .config = config_,
                                                   .stats = stats_});
    work_ = std::make_unique<ImpatientWork>(*server_, clock_);
    loop_ = std::make_unique<uring::Loop>(*engine_, clock_, *work_);
    server_->listen(listener_->descriptor());
    client_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int at_once = 1;  // pieces must not wait for each other's acknowledgement
    ASSERT_EQ(::setsockopt(client_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(listener_->port());
    ASSERT_EQ(::connect(client_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  void TearDown() override {
    if (!server_) return;
    ::close(client_);
    server_->stop();
    while (!server_->finished()) loop_->turn({});
    EXPECT_EQ(engine_->operations_in_flight(), 0u);
    EXPECT_EQ(engine_->buffers().leases_out(), 0u);
  }

  // Sends the input in pieces and runs the server until as many octets came back as the first time.
  std::size_t exchange(std::string_view input, std::size_t piece_bytes,
                       std::size_t expected_bytes) {
    std::size_t received = 0;
    while (!input.empty() || received < expected_bytes) {
      const std::string_view piece = input.substr(0, piece_bytes);
      if (!piece.empty()) {
        EXPECT_EQ(::send(client_, piece.data(), piece.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(piece.size()));
      }
      input.remove_prefix(piece.size());
      loop_->turn({});
      if (Exchange* const exchange = waiting_.get()) exchange->end(answer(*exchange, "hello"));
      // The next turn would begin with this and then wait for what the client has not sent yet.
      server_->settle(clock_.now_ns());
      const ssize_t bytes = ::recv(client_, reply_.data(), reply_.size(), MSG_DONTWAIT);
      if (bytes > 0) received += static_cast<std::size_t>(bytes);
    }
    return received;
  }

  void expect_no_allocation(std::string_view input, std::size_t requests, std::size_t reply_bytes,
                            std::size_t piece_bytes = 1 << 20) {
    constexpr std::size_t requests_counted = 1000;
    const std::size_t expected_bytes = requests * reply_bytes;
    // Pools and lists have grown to what this traffic needs.
    for (int round = 0; round < 20; ++round) exchange(input, piece_bytes, expected_bytes);
    ASSERT_TRUE(std::string_view(reply_.data(), reply_.size()).starts_with("HTTP/1.1 200 OK\r\n"));
    const std::uint64_t before = support::allocations();
    for (std::size_t done = 0; done < requests_counted; done += requests) {
      ASSERT_EQ(exchange(input, piece_bytes, expected_bytes), expected_bytes);
    }
    EXPECT_EQ(support::allocations() - before, 0u);
  }

  // Status line, Content-Type, Content-Length, Date and the blank line, around a body.
  static std::size_t bytes_around(std::size_t body_bytes) {
    constexpr std::string_view head =
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
        "Content-Length: \r\n\r\n";
    return head.size() + std::to_string(body_bytes).size() + body_bytes;
  }

  Stats stats_;
  TurnClock clock_;
  ServerConfig config_;
  ExchangeHandle waiting_;
  RouteTable routes_ = routes(waiting_);
  std::expected<uring::Listener, uring::ListenFailure> listener_ =
      uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  std::unique_ptr<uring::Engine> engine_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<ImpatientWork> work_;
  std::unique_ptr<uring::Loop> loop_;
  int client_ = -1;
  std::array<char, 65536> reply_{};
};

TEST_P(SteadyState, a_request_without_a_body_allocates_nothing) {
  expect_no_allocation("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nAccept: */*\r\n\r\n", 1,
                       bytes_around(5));
}

TEST_P(SteadyState, parameters_allocate_nothing) {
  expect_no_allocation("GET /items/12345 HTTP/1.1\r\nHost: a\r\n\r\n", 1, bytes_around(5));
  expect_no_allocation("GET /files/a%20b/c/d%2Fe?q=1 HTTP/1.1\r\nHost: a\r\n\r\n", 1,
                       bytes_around(5));
}

TEST_P(SteadyState, pipelined_requests_allocate_nothing) {
  std::string input;
  for (int count = 0; count < 20; ++count) input += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  expect_no_allocation(input, 20, bytes_around(5));
}

TEST_P(SteadyState, requests_that_wait_for_a_turn_allocate_nothing) {
  clock_.hurries = true;
  std::string input;
  for (int count = 0; count < 20; ++count) input += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  expect_no_allocation(input, 20, bytes_around(5));
}

std::string post(std::size_t body_bytes) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body_bytes) +
         "\r\n\r\n" + std::string(body_bytes, 'x');
}

TEST_P(SteadyState, a_body_within_one_receive_allocates_nothing) {
  expect_no_allocation(post(1024), 1, bytes_around(1024));
}

TEST_P(SteadyState, a_body_over_many_receives_allocates_nothing) {
  expect_no_allocation(post(20'000), 1, bytes_around(20'000));
}

TEST_P(SteadyState, a_head_in_pieces_allocates_nothing) {
  expect_no_allocation(post(100), 1, bytes_around(100), 16);
}

TEST_P(SteadyState, a_chunked_body_allocates_nothing) {
  std::string input = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int count = 0; count < 10; ++count) input += "64\r\n" + std::string(100, 'x') + "\r\n";
  expect_no_allocation(input + "0\r\n\r\n", 1, bytes_around(1000), 700);
}

TEST_P(SteadyState, a_suspended_exchange_allocates_nothing) {
  for (const std::size_t body_bytes : {10u, 20'000u}) {
    expect_no_allocation("POST /later/a%20b HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                             std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x'),
                         1, bytes_around(5));
  }
}

TEST_P(SteadyState, RSP_023_RSP_024_half_a_megabyte_streams_through_a_kernel) {
  const std::string request =
      "POST /relay/late HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n";
  constexpr std::string_view head =
      "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 500000\r\n\r\n";
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(exchange(request + std::string(500'000, 'x'), 16'000, head.size() + 500'000),
              head.size() + 500'000);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, SteadyState,
                         testing::Values(uring::EngineRequest::epoll, uring::EngineRequest::uring),
                         [](const auto& request) {
                           return request.param == uring::EngineRequest::epoll ? "epoll" : "uring";
                         });

}  // namespace
}  // namespace pelton::http

// LIM-210: every limit and timer of a server, met at n - 1, n and n + 1. Timers fire on the wheel's
// ticks, so "n + 1" of a timer is the first tick behind it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "served.hpp"
#include "uring/sockets/socket_options.hpp"

namespace pelton::http {
namespace {

constexpr std::uint64_t tick_ms = TimerWheel::tick_ms;
const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string close_request = "GET /close HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string chunked_head =
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string length_head(std::size_t bytes, const std::string& path = "/echo") {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) +
         "\r\n\r\n";
}

TEST(Limits, LIM_007_chunk_overhead_bytes_max) {
  for (const std::uint64_t n : {3u, 10u}) {
    ServerConfig config;
    config.chunk_overhead_bytes_max = n;
    Served served(config);
    const auto status = [&](std::uint64_t overhead) {
      return status_of(
          served.answer(chunked_head + std::string(overhead, '0') + "1\r\nx\r\n0\r\n\r\n"));
    };
    EXPECT_EQ(status(n - 1), 200);
    EXPECT_EQ(status(n), 200);
    EXPECT_EQ(status(n + 1), 400);
    EXPECT_EQ(served.count(Reason::refused_chunk_overhead), 1u);
  }
}

TEST(Limits, LIM_012_drain_body_bytes_max) {
  ServerConfig config;
  const std::uint64_t n = config.drain_body_bytes_max = 100;
  Served served(config);
  const auto closes = [&](std::uint64_t unread) {
    const std::string answer = served.send(served.connect(), length_head(unread, "/nowhere"));
    EXPECT_EQ(status_of(answer), 404);
    return answer.find("Connection: close") != std::string::npos;
  };
  EXPECT_FALSE(closes(n - 1));
  EXPECT_FALSE(closes(n));
  EXPECT_TRUE(closes(n + 1));
}

// What must hold until `n` milliseconds have passed and no longer.
template <typename Prepare, typename Ended>
void expect_timer(const ServerConfig& config, std::uint64_t n, Prepare prepare, Ended ended) {
  Served served(config);
  const uring::Peer peer = served.connect();
  prepare(served, peer);
  served.pass_ms(n - 1);
  EXPECT_FALSE(ended(served, peer));
  served.pass_ms(1);  // n itself may lie between two ticks
  served.pass_ms(tick_ms);
  EXPECT_TRUE(ended(served, peer));  // n + 1, to the tick
}

bool closed(Served& served, uring::Peer peer) {
  return served.engine.closed(peer);
}
bool shut(Served& served, uring::Peer peer) {
  return served.engine.server_shutdown(peer);
}

TEST(Limits, LIM_012_drain_body_timeout_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {500u, 1000u}) {  // n - 1, n, n + 1
    config.drain_body_timeout_ms = n;
    expect_timer(
        config, n, [](auto& served, auto peer) { served.send(peer, length_head(9, "/nowhere")); },
        shut);
  }
}

TEST(Limits, LIM_013_linger_idle_ms_and_linger_timeout_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {700u, 900u}) {  // n - 1, n, n + 1
    config.linger_idle_ms = n;
    config.linger_timeout_ms = 5000;
    const auto prepare = [](auto& served, auto peer) { served.send(peer, close_request); };
    expect_timer(config, n, prepare, closed);
    config.linger_timeout_ms = n;
    expect_timer(config, n, prepare, closed);
  }
}

TEST(Limits, LIM_013_linger_connections_max) {
  ServerConfig config;
  const std::uint64_t n = config.linger_connections_max = 3;
  Served served(config);
  std::vector<uring::Peer> peers;
  for (std::uint64_t count = 1; count <= n + 1; ++count) {
    peers.push_back(served.connect());
    served.send(peers.back(), close_request);
  }
  EXPECT_FALSE(served.engine.closed(peers[n - 1]));
  EXPECT_TRUE(served.engine.closed(peers[n]));  // the one numbered n + 1
}

TEST(Limits, LIM_014_header_timeout_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {2000u, 10'000u}) {  // n - 1, n, n + 1
    config.header_timeout_ms = n;
    expect_timer(config, n, [](auto& served, auto peer) { served.send(peer, "GET "); }, shut);
  }
}

TEST(Limits, LIM_015_body_rate_bytes_per_second_min) {
  ServerConfig config;
  const std::uint64_t n = config.body_rate_bytes_per_second_min = 10;
  config.rate_grace_ms = 1000;
  const auto refused = [&](std::uint64_t bytes_per_second) {
    Served served(config);
    const uring::Peer peer = served.connect();
    std::string answer = served.send(peer, length_head(10'000));
    for (int second = 0; second < 60; ++second) {
      answer += served.send(peer, std::string(bytes_per_second, 'x'));
      served.pass_ms(1000);
    }
    return !answer.empty();
  };
  EXPECT_TRUE(refused(n - 1));
  EXPECT_FALSE(refused(n));
  EXPECT_FALSE(refused(n + 1));
}

TEST(Limits, LIM_016_send_rate_bytes_per_second_min) {
  ServerConfig config;
  const std::uint64_t n = config.send_rate_bytes_per_second_min = 10;
  config.rate_grace_ms = 2000;
  const auto cut = [&](std::uint64_t bytes_per_second) {
    Served served(config);
    const uring::Peer peer = served.connect();
    served.engine.set_window(peer, bytes_per_second);
    served.send(peer, "GET /big/3000 HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int second = 0; second < 90; ++second) {
      served.pass_ms(1000);
      served.engine.take_sent(peer);
      served.run();
    }
    return served.count(Reason::cut_send_too_slow) == 1;
  };
  EXPECT_TRUE(cut(n - 1));
  EXPECT_FALSE(cut(n));
  EXPECT_FALSE(cut(n + 1));
}

TEST(Limits, LIM_017_rate_grace_ms_and_rate_credit_ms_max) {
  ServerConfig config;
  for (const std::uint64_t n : {1500u, 4000u}) {  // n - 1, n, n + 1
    config.rate_grace_ms = n;
    config.rate_credit_ms_max = 30'000;
    expect_timer(
        config, n, [](auto& served, auto peer) { served.send(peer, length_head(100'000)); }, shut);
    config.rate_grace_ms = 1000;
    config.rate_credit_ms_max = n;
    expect_timer(
        config, n,
        [](auto& served, auto peer) {
          served.send(peer, length_head(100'000));
          served.send(peer, std::string(50'000, 'x'));  // worth 208 s, of which n count
        },
        shut);
  }
}

TEST(Limits, LIM_018_keep_alive_timeout_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {3000u, 75'000u}) {  // n - 1, n, n + 1
    config.keep_alive_timeout_ms = n;
    expect_timer(
        config, n, [](auto& served, auto peer) { served.send(peer, hello_request); }, closed);
  }
}

TEST(Limits, LIM_019_requests_per_connection_max) {
  ServerConfig config;
  const std::uint64_t n = config.requests_per_connection_max = 3;
  Served served(config);
  const uring::Peer peer = served.connect();
  const auto says_close = [&] {
    return served.send(peer, hello_request).find("Connection: close") != std::string::npos;
  };
  for (std::uint64_t request = 1; request <= n - 1; ++request) EXPECT_FALSE(says_close());
  EXPECT_TRUE(says_close());
  EXPECT_EQ(served.send(peer, hello_request), "");  // n + 1
}

TEST(Limits, LIM_021_tcp_user_timeout_ms) {
  const ServerConfig config;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(socket, 0);
  const auto n = static_cast<std::uint32_t>(config.tcp_user_timeout_ms);
  for (const std::uint32_t timeout_ms : {n - 1, n, n + 1}) {
    ASSERT_EQ(uring::set_stream_options(socket, {.user_timeout_ms = timeout_ms}), 0);
    std::uint32_t found = 0;
    socklen_t bytes = sizeof found;
    ASSERT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &found, &bytes), 0);
    EXPECT_EQ(found, timeout_ms);
  }
  ::close(socket);
}

TEST(Limits, LIM_030_connections_max) {
  ServerConfig config;
  const std::uint64_t n = config.connections_max = 3;
  Served served(config);
  std::vector<uring::Peer> peers;
  for (std::uint64_t count = 1; count <= n + 1; ++count) {
    peers.push_back(served.connect());
    const bool answered = !served.send(peers.back(), hello_request).empty();
    EXPECT_EQ(answered, count <= n) << count;  // n - 1, n, n + 1
  }
  EXPECT_EQ(served.count(Reason::shed_connections), 1u);
}

// The octets of one response to GET /big/1000.
constexpr std::size_t big_bytes =
    1000 +
    sizeof(
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
        "Content-Length: 1000\r\n\r\n") -
    1;
const std::string big_request = "GET /big/1000 HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(Limits, LIM_034_send_queue_bytes_high) {
  const std::uint64_t n = 2 * big_bytes;
  for (const std::uint64_t high : {n - 1, n, n + 1}) {
    ServerConfig config;
    config.send_queue_bytes_high = high;
    config.send_queue_bytes_low = 1;
    Served served(config);
    const uring::Peer peer = served.connect();
    served.engine.set_window(peer, 0);
    served.send(peer, big_request + big_request + big_request);
    // A queue of exactly the mark does not pause, one octet more does.
    EXPECT_EQ(served.seen.calls, high < n ? 2u : 3u) << high;
  }
}

TEST(Limits, LIM_034_send_queue_bytes_low) {
  ServerConfig config;
  config.send_queue_bytes_high = big_bytes - 1;
  const std::uint64_t n = config.send_queue_bytes_low = 100;
  for (const std::uint64_t left : {n - 1, n, n + 1}) {
    Served served(config);
    const uring::Peer peer = served.connect();
    served.engine.set_window(peer, 0);
    served.send(peer, big_request + hello_request);
    EXPECT_EQ(served.seen.calls, 1u);
    served.engine.set_window(peer, big_bytes - left);
    served.run();
    EXPECT_EQ(served.seen.calls, left <= n ? 2u : 1u) << left;
  }
}

const std::string later_request = "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n";

// Of `input`, sent behind a request whose answer is not there yet, what is read before the pause.
std::size_t read_ahead(const ServerConfig& config, const std::string& input,
                       std::size_t piece_bytes) {
  Served served(config);
  const uring::Peer peer = served.connect();
  served.send(peer, later_request);
  std::size_t read = 0;
  for (; read < input.size(); read += piece_bytes) {
    const std::size_t in_flight = served.engine.operations_in_flight();
    served.send(peer, input.substr(read, piece_bytes));
    if (served.engine.operations_in_flight() < in_flight) break;  // the receive has ended
  }
  // Nothing is lost: once the answer is there, everything is read.
  answer_later(served.seen.suspended.at(0), "late");
  served.run();
  if (read < input.size()) served.send(peer, input.substr(read + piece_bytes));
  EXPECT_EQ(served.seen.calls, 1 + input.size() / hello_request.size());
  return read + piece_bytes;
}

TEST(Limits, LIM_011_pipeline_requests_max) {
  ServerConfig config;
  const std::uint64_t n = config.pipeline_requests_max = 5;
  std::string input;
  for (std::uint64_t count = 0; count < 2 * n; ++count) input += hello_request;
  // Not by n - 1 requests, by the n-th, whose last octet pauses; so n + 1 are never read.
  EXPECT_EQ(read_ahead(config, input, hello_request.size()), n * hello_request.size());
  EXPECT_EQ(read_ahead(config, input, 1), n * hello_request.size());
}

TEST(Limits, LIM_011_pipeline_bytes_max) {
  ServerConfig config;
  config.request_line_bytes_max = config.header_line_bytes_max = config.header_section_bytes_max =
      100;
  std::string input;
  for (int count = 0; count < 20; ++count) input += hello_request;
  const std::uint64_t n = 10 * hello_request.size();
  for (const std::uint64_t bytes : {n - 1, n, n + 1}) {
    config.pipeline_bytes_max = bytes;
    EXPECT_EQ(read_ahead(config, input, 1), bytes);
  }
}

TEST(Limits, LIM_020_request_timeout_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {700u, 3000u}) {  // n - 1, n, n + 1
    config.request_timeout_ms = n;
    expect_timer(
        config, n, [](auto& served, auto peer) { served.send(peer, later_request); },
        [](auto& served, auto) { return served.count(Reason::fault_request_timeout) == 1; });
  }
}

TEST(Limits, LIM_090_PRC_016_graceful_timeout_ms_less_lifespan_shutdown_timeout_ms) {
  ServerConfig config;
  config.header_timeout_ms = config.websocket_close_timeout_ms = 100;
  config.lifespan_shutdown_timeout_ms = 200;
  config.drain_idle_ms = 1'000'000;
  for (const std::uint64_t n : {1000u, 30'000u}) {  // n - 1, n, n + 1
    config.graceful_timeout_ms = n + config.lifespan_shutdown_timeout_ms;
    expect_timer(
        config, n,
        [](auto& served, auto peer) {
          served.send(peer, hello_request);
          served.server.stop();
          served.run();
        },
        closed);
  }
}

TEST(Limits, LIM_091_drain_delay_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {500u, 2000u}) {
    for (const std::uint64_t passed : {n - 1, n, n + 1}) {
      config.drain_delay_ms = n;
      Served served(config);
      const uring::Peer peer = served.connect();
      served.server.stop();
      served.run();
      served.pass_ms(passed);
      const std::string answer = served.send(peer, hello_request);
      EXPECT_EQ(answer.find("Connection: close") != std::string::npos, passed >= n) << passed;
      served.engine.hang_up(peer);
      served.run();
    }
  }
}

TEST(Limits, LIM_091_drain_idle_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {500u, 2000u}) {  // n - 1, n, n + 1
    config.drain_idle_ms = n;
    expect_timer(
        config, n,
        [](auto& served, auto peer) {
          served.send(peer, hello_request);
          served.server.stop();
          served.run();
        },
        closed);
  }
}

}  // namespace
}  // namespace pelton::http

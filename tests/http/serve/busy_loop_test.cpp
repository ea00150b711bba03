// What comes while a handler keeps the loop busy is read before a deadline ends anything.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "read_clock.hpp"
#include "served.hpp"
#include "uring/loop.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::http {
namespace {

constexpr std::uint64_t second_ns = ReadClock::second_ns;

// GET /slow takes six seconds, in which `meanwhile` happens, and answers with 100 000 octets.
class BusyLoop : public testing::Test {
 protected:
  explicit BusyLoop(const ServerConfig& config = {}) : config_(config) {
    server_.listen(listener_);
    run();
  }
  ~BusyLoop() override {
    server_.stop();
    for (int second = 0; second < 100 && !server_.finished(); ++second) pass_s(1);
    EXPECT_TRUE(server_.finished());
  }

  static Outcome slow(void* context, Exchange& exchange) {
    auto& test = *static_cast<BusyLoop*>(context);
    if (test.meanwhile) test.meanwhile();
    test.clock_.pass_ns(6 * second_ns);
    EXPECT_EQ(exchange.respond({}, std::string(100'000, 'x')), HeadFault::none);
    return Outcome::responded;
  }
  static Outcome echo(void*, Exchange& exchange) {
    EXPECT_EQ(exchange.respond({}, exchange.body()), HeadFault::none);
    return Outcome::responded;
  }

  RouteTable make_routes() {
    Router router;
    const std::vector<std::string_view> get{"GET"};
    const std::vector<std::string_view> both{"GET", "POST"};
    router.settings(*router.add(get, "/slow")).handler = {slow, this};
    router.settings(*router.add(both, "/echo")).handler = {echo, this};
    return router.freeze({});
  }

  void run() {
    for (int idle = 0; idle < 2;) idle = loop_.turn({}) == 0 ? idle + 1 : 0;
  }
  void pass_s(std::uint64_t seconds) {
    clock_.pass_ns(seconds * second_ns);
    run();
    run();
  }
  std::vector<uring::Peer> connect(std::size_t count) {
    std::vector<uring::Peer> peers;
    while (peers.size() < count) peers.push_back(engine_.connect(listener_));
    run();
    return peers;
  }
  std::string send(uring::Peer peer, std::string_view octets) {
    engine_.deliver(peer, octets);
    run();
    return engine_.take_sent(peer);
  }

  std::function<void()> meanwhile;
  Stats stats_;
  ReadClock clock_;
  const ServerConfig config_;
  uring::MemoryEngine engine_;
  const RouteTable routes_ = make_routes();
  Server server_{
      {.engine = engine_, .clock = clock_, .routes = routes_, .config = config_, .stats = stats_}};
  // A batch has room for few of those that wait.
  uring::Loop loop_{engine_, clock_, server_, 4};
  const uring::Descriptor listener_ = engine_.listen();
};

const std::string slow_request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string upload_head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n";

TEST_F(BusyLoop, CON_010_bodies_that_came_meanwhile_are_in_time_however_many_they_are) {
  const std::vector<uring::Peer> peers = connect(40);
  const uring::Peer asking = connect(1)[0];
  for (const uring::Peer peer : peers) EXPECT_EQ(send(peer, upload_head + "\r\n"), "");
  meanwhile = [&] {
    for (const uring::Peer peer : peers) engine_.deliver(peer, std::string(1000, 'x'));
  };
  EXPECT_EQ(status_of(send(asking, slow_request)), 200);
  for (const uring::Peer peer : peers) EXPECT_EQ(status_of(engine_.take_sent(peer)), 200);
  EXPECT_EQ(stats_.of(Reason::refused_body_too_slow), 0u);
}

TEST_F(BusyLoop, CON_001_heads_that_came_meanwhile_are_in_time) {
  const std::vector<uring::Peer> peers = connect(40);
  const uring::Peer asking = connect(1)[0];
  for (const uring::Peer peer : peers) EXPECT_EQ(send(peer, "GET /ec"), "");
  pass_s(5);
  meanwhile = [&] {
    for (const uring::Peer peer : peers) engine_.deliver(peer, "ho HTTP/1.1\r\nHost: a\r\n\r\n");
  };
  EXPECT_EQ(status_of(send(asking, slow_request)), 200);
  for (const uring::Peer peer : peers) EXPECT_EQ(status_of(engine_.take_sent(peer)), 200);
  EXPECT_EQ(stats_.of(Reason::refused_header_timeout), 0u);
}

TEST_F(BusyLoop, CON_004_the_send_of_a_slow_handler_has_its_whole_grace) {
  const uring::Peer peer = connect(1)[0];
  engine_.set_window(peer, 60'000);
  std::string received = send(peer, slow_request);
  pass_s(3);
  engine_.set_window(peer, 1'000'000);
  run();
  received += engine_.take_sent(peer);
  EXPECT_EQ(responses_in(received).size(), 1u);
  EXPECT_EQ(stats_.of(Reason::cut_send_too_slow), 0u);
}

TEST_F(BusyLoop, CON_002_a_body_that_waits_for_100_has_its_whole_grace) {
  const std::vector<uring::Peer> peers = connect(2);
  engine_.deliver(peers[0], slow_request);
  engine_.deliver(peers[1], upload_head + "Expect: 100-continue\r\n\r\n");
  run();
  EXPECT_EQ(engine_.take_sent(peers[1]), "HTTP/1.1 100 Continue\r\n\r\n");
  pass_s(3);
  EXPECT_EQ(status_of(send(peers[1], std::string(1000, 'x'))), 200);
}

TEST_F(BusyLoop, CON_002_a_peer_that_sent_nothing_meanwhile_is_refused_as_ever) {
  const std::vector<uring::Peer> peers = connect(2);
  EXPECT_EQ(send(peers[1], upload_head + "\r\n"), "");
  EXPECT_EQ(status_of(send(peers[0], slow_request)), 200);
  pass_s(1);
  EXPECT_EQ(status_of(engine_.take_sent(peers[1])), 408);
}

class BusyLoopOfTheImpatient : public BusyLoop {
 protected:
  BusyLoopOfTheImpatient() : BusyLoop({.keep_alive_timeout_ms = 5000}) {}
};

TEST_F(BusyLoopOfTheImpatient, CON_003_requests_that_came_meanwhile_end_the_idle_time) {
  const std::vector<uring::Peer> peers = connect(40);
  const uring::Peer asking = connect(1)[0];
  const std::string request = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const uring::Peer peer : peers) EXPECT_EQ(status_of(send(peer, request)), 200);
  meanwhile = [&] {
    for (const uring::Peer peer : peers) engine_.deliver(peer, request);
  };
  EXPECT_EQ(status_of(send(asking, slow_request)), 200);
  for (const uring::Peer peer : peers) EXPECT_EQ(status_of(engine_.take_sent(peer)), 200);
}

}  // namespace
}  // namespace pelton::http

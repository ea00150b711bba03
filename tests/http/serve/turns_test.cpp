// How the connections of one loop share it: pipelined requests in slices, slow handlers in turn,
// and refusals when the queue has long been too long.
#include <gtest/gtest.h>

#include <algorithm>
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

const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string times(std::size_t count, const std::string& text) {
  std::string all;
  for (; count != 0; --count) all += text;
  return all;
}

// GET / and POST / take `handler_ns` and answer with how many requests were ahead.
class World {
 public:
  explicit World(const ServerConfig& config = {}, std::uint64_t each_ns = 0)
      : handler_ns(each_ns), config_(config) {
    server.listen(listener_);
    run();
  }
  ~World() {
    server.stop();
    for (int second = 0; second < 100 && !server.finished(); ++second) {
      clock.pass_ns(ReadClock::second_ns);
      run();
    }
    EXPECT_TRUE(server.finished());
    EXPECT_EQ(engine.buffers().leases_out(), 0u);
  }

  static Outcome answer(void* context, Exchange& exchange) {
    auto& world = *static_cast<World*>(context);
    world.clock.pass_ns(world.handler_ns);
    const std::string number = std::to_string(world.calls++);
    EXPECT_EQ(exchange.respond({}, number), HeadFault::none);
    return Outcome::responded;
  }
  RouteTable make_routes() {
    Router router;
    const std::vector<std::string_view> methods{"GET", "POST"};
    router.settings(*router.add(methods, "/")).handler = {answer, this};
    return router.freeze({});
  }

  void run() {
    for (int idle = 0; idle < 2;) idle = loop.turn({}) == 0 ? idle + 1 : 0;
  }
  std::vector<uring::Peer> connect(std::size_t count) {
    std::vector<uring::Peer> peers;
    while (peers.size() < count) peers.push_back(engine.connect(listener_));
    run();
    return peers;
  }

  std::uint64_t handler_ns;
  std::size_t calls = 0;
  Stats stats;
  ReadClock clock;
  const ServerConfig config_;
  uring::MemoryEngine engine;
  const RouteTable routes_ = make_routes();
  Server server{
      {.engine = engine, .clock = clock, .routes = routes_, .config = config_, .stats = stats}};
  uring::Loop loop{engine, clock, server, 256};
  const uring::Descriptor listener_ = engine.listen();
};

// Requests begun until the neighbour of one that pipelines has its answer.
std::size_t calls_ahead_of_neighbour(World& world, const std::string& greedy) {
  const std::vector<uring::Peer> peers = world.connect(2);
  const std::size_t before = world.calls;
  world.engine.deliver(peers[0], greedy);
  world.engine.deliver(peers[1], request);
  while (world.engine.sent(peers[1]).empty()) world.loop.turn({});
  return world.calls - before;
}

TEST(Turns, ENG_016_a_slice_of_pipelined_requests_is_all_a_neighbour_waits_for) {
  World world;
  EXPECT_LE(calls_ahead_of_neighbour(world, times(4000, request)), 2 * 128u + 1);
}

TEST(Turns, ENG_016_of_slow_requests_a_slice_is_one_or_two) {
  World world({}, 10'000'000);
  EXPECT_LE(calls_ahead_of_neighbour(world, times(4000, request)), 5u);
  world.handler_ns = 0;
}

TEST(Turns, ENG_016_so_it_is_for_requests_that_fill_their_receives) {
  World world({}, 10'000'000);
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n";
  EXPECT_LE(calls_ahead_of_neighbour(world, times(40, post + std::string(3000, 'x'))), 5u);
  world.handler_ns = 0;
}

TEST(Turns, H1_081_all_are_answered_in_order) {
  World world;
  const uring::Peer peer = world.connect(1)[0];
  std::string octets = times(3000, request);
  world.engine.deliver(peer, octets);
  world.run();
  const std::vector<std::string> answers = responses_in(world.engine.take_sent(peer));
  ASSERT_EQ(answers.size(), 3000u);
  for (std::size_t index = 0; index < answers.size(); ++index) {
    ASSERT_EQ(body_of(answers[index]), std::to_string(index));
  }
}

TEST(Turns, H1_080_wherever_they_are_cut) {
  for (const std::size_t piece_bytes : {1u, 7u, 26u, 27u, 28u, 4095u, 4096u, 5000u}) {
    World world;
    const uring::Peer peer = world.connect(1)[0];
    const std::string octets = times(1000, request) + "GET / HTTP/1.1\r\nHost";
    const std::vector<std::size_t> pieces(octets.size() / piece_bytes, piece_bytes);
    world.engine.deliver(peer, octets, pieces);
    world.run();
    EXPECT_EQ(responses_in(world.engine.take_sent(peer)).size(), 1000u) << piece_bytes;
    world.engine.deliver(peer, ": a\r\n\r\n");
    world.run();
    EXPECT_EQ(responses_in(world.engine.take_sent(peer)).size(), 1u) << piece_bytes;
  }
}

TEST(Turns, LIM_011_reading_stops_while_many_wait_for_their_turn) {
  World world({}, 1'000'000);
  const uring::Peer peer = world.connect(1)[0];
  world.engine.deliver(peer, times(20'000, request));
  for (int turn = 0; turn < 10; ++turn) world.loop.turn({});
  // What one turn received, and no more.
  const Gauges gauges = world.server.gauges();
  EXPECT_EQ(gauges[static_cast<std::size_t>(Gauge::exchanges_queued)], 1u);
  EXPECT_LE(world.calls, 20u);
  world.handler_ns = 0;
  world.run();
  EXPECT_EQ(world.calls, 20'000u);
  EXPECT_EQ(responses_in(world.engine.take_sent(peer)).size(), 20'000u);
}

TEST(Turns, CON_042_a_half_closed_connection_gets_all_its_answers) {
  World world;
  const uring::Peer peer = world.connect(1)[0];
  world.engine.deliver(peer, times(1000, request));
  world.engine.finish(peer);
  world.run();
  EXPECT_EQ(responses_in(world.engine.take_sent(peer)).size(), 1000u);
  EXPECT_TRUE(world.engine.closed(peer));
  EXPECT_EQ(world.stats.of(Reason::closed_by_peer), 1u);
}

TEST(Turns, CON_044_of_a_connection_that_was_reset_the_rest_does_not_run) {
  World world;
  const uring::Peer peer = world.connect(1)[0];
  world.engine.deliver(peer, times(1000, request));
  while (world.calls == 0) world.loop.turn({});
  world.engine.reset(peer);
  world.run();
  EXPECT_LT(world.calls, 500u);
  EXPECT_EQ(world.server.connections_live(), 0u);
}

TEST(Turns, PRC_012_a_stop_answers_what_waits_for_its_turn) {
  World world;
  const uring::Peer peer = world.connect(1)[0];
  world.engine.deliver(peer, times(1000, request));
  while (world.calls == 0) world.loop.turn({});
  world.server.stop();
  world.run();
  EXPECT_EQ(responses_in(world.engine.take_sent(peer)).size(), 1000u);
}

TEST(Turns, slow_handlers_answer_one_after_the_other) {
  World world({}, 10'000'000);
  const std::vector<uring::Peer> peers = world.connect(20);
  for (const uring::Peer peer : peers) world.engine.deliver(peer, request);
  while (world.engine.sent(peers[0]).empty()) world.loop.turn({});
  EXPECT_LE(world.calls, 2u);
  world.run();
  for (const uring::Peer peer : peers) EXPECT_EQ(status_of(world.engine.take_sent(peer)), 200);
}

// --- refusals ---

struct Tally {
  std::uint64_t served = 0;
  std::uint64_t refused = 0;
};

// Clients that ask again as soon as they have their answers, for some seconds.
Tally ask_again_and_again(World& world, std::size_t clients, std::uint64_t seconds) {
  const std::vector<uring::Peer> peers = world.connect(clients);
  for (const uring::Peer peer : peers) world.engine.deliver(peer, request);
  Tally tally;
  const std::uint64_t end_ns = world.clock.read_ns() + seconds * ReadClock::second_ns;
  while (world.clock.read_ns() < end_ns) {
    world.clock.pass_ns(1000);
    world.loop.turn({});
    for (const uring::Peer peer : peers) {
      const std::string answer = world.engine.take_sent(peer);
      if (answer.empty()) continue;
      ++(status_of(answer) == 200 ? tally.served : tally.refused);
      world.engine.deliver(peer, request);
    }
  }
  world.handler_ns = 0;
  world.run();
  return tally;
}

TEST(Turns, PRC_040_queue_timeout_ms_is_how_long_a_request_may_wait) {
  // A hundred clients of a handler of 10 ms wait for those ahead of them: 990 ms.
  const auto refuses = [](std::uint64_t queue_timeout_ms) {
    World world({.queue_timeout_ms = queue_timeout_ms}, 10'000'000);
    return ask_again_and_again(world, 100, 8).refused != 0;
  };
  std::uint64_t n = 1;  // the least that refuses nobody
  for (std::uint64_t step = 1024; step != 0; step /= 2) {
    if (refuses(n + step)) n += step;
  }
  ++n;
  EXPECT_TRUE(refuses(n - 1));
  EXPECT_FALSE(refuses(n));
  EXPECT_FALSE(refuses(n + 1));
  EXPECT_NEAR(static_cast<double>(n), 990, 40);
}

TEST(Turns, PRC_040_without_a_timeout_nobody_is_refused) {
  World world({.queue_timeout_ms = no_limit}, 10'000'000);
  EXPECT_EQ(ask_again_and_again(world, 300, 10).refused, 0u);
}

TEST(Turns, PRC_040_a_thousand_clients_that_are_served_in_time_are_no_overload) {
  World world({}, 200'000);
  EXPECT_EQ(ask_again_and_again(world, 1000, 2).refused, 0u);
}

TEST(Turns, PRC_040_sixty_four_clients_may_always_wait) {
  World world({}, 100'000'000);
  EXPECT_EQ(ask_again_and_again(world, 64, 60).refused, 0u);
}

TEST(Turns, PRC_041_at_three_times_the_capacity_the_server_works_for_those_it_serves) {
  constexpr std::uint64_t seconds = 10;
  constexpr std::uint64_t handler_ns = 2'000'000;
  World world({}, handler_ns);
  std::vector<uring::Peer> idle = world.connect(1000);
  std::vector<uring::Peer> busy;
  Tally tally;
  const std::uint64_t began_ns = world.clock.read_ns();
  std::uint64_t due_ns = began_ns;
  while (world.clock.read_ns() < began_ns + seconds * ReadClock::second_ns) {
    for (; due_ns <= world.clock.read_ns() && !idle.empty(); due_ns += handler_ns / 3) {
      busy.push_back(idle.back());
      idle.pop_back();
      world.engine.deliver(busy.back(), request);
    }
    world.clock.pass_ns(10'000);
    world.loop.turn({});
    std::erase_if(busy, [&](uring::Peer peer) {
      const std::string answer = world.engine.take_sent(peer);
      if (answer.empty()) return false;
      ++(status_of(answer) == 200 ? tally.served : tally.refused);
      idle.push_back(peer);
      return true;
    });
  }
  const double capacity = static_cast<double>(seconds * ReadClock::second_ns / handler_ns);
  EXPECT_GE(static_cast<double>(tally.served), 0.9 * capacity);
  EXPECT_GE(static_cast<double>(tally.refused), 1.5 * capacity);
  // At most as many wait as are served in the time that one may wait, or a little more.
  EXPECT_LE(busy.size(), 200u);
  world.handler_ns = 0;
  world.run();
  for (const uring::Peer peer : busy) {
    const int status = status_of(world.engine.take_sent(peer));
    ++(status == 200 ? tally.served : tally.refused);
  }
  EXPECT_EQ(world.stats.of(Reason::shed_handler_queue), tally.refused);
}

TEST(Turns, PRC_041_a_loop_that_stood_still_once_refuses_nobody) {
  World world({}, 20'000);
  const std::vector<uring::Peer> peers = world.connect(500);
  for (int round = 0; round < 3; ++round) {
    world.handler_ns = 2 * ReadClock::second_ns;
    world.engine.deliver(peers[0], request);
    world.loop.turn({});
    world.handler_ns = 20'000;
    for (const uring::Peer peer : peers) world.engine.deliver(peer, request);
    world.run();
    for (const uring::Peer peer : peers) {
      for (const std::string& answer : responses_in(world.engine.take_sent(peer))) {
        EXPECT_EQ(status_of(answer), 200);
      }
    }
  }
}

}  // namespace
}  // namespace pelton::http

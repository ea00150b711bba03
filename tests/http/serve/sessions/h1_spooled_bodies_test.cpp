// Bodies that go into a file as they arrive: on the loop, and by a pool whose every step is let
// through by the test.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "../served_on.hpp"
#include "../temporary_directory.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::http {
namespace {

// An engine whose server has a disk pool. What that is through with is told by await_disk() alone.
class DiskEngine final : public uring::MemoryEngine {
 public:
  uring::EngineKind kind() const override { return uring::EngineKind::epoll; }
  void poll(uring::Token token, uring::Descriptor descriptor, std::uint32_t events) override {
    if (descriptor < descriptor_first) {
      wake_ = descriptor;
      wake_token_ = token;
    }
    MemoryEngine::poll(token, descriptor, events);
  }
  void await_disk() {
    pollfd ready{.fd = wake_, .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    ASSERT_TRUE(end_operation(wake_token_, 0));
  }

 private:
  uring::Descriptor wake_ = -1;
  uring::Token wake_token_;
};

constexpr SpoolRules small{.body_bytes_max_held = 100, .piece_bytes = 64};

std::string get() {
  return "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string post(std::size_t bytes, std::string_view path = "/echo") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

std::string chunked(std::string_view body, std::size_t chunk_bytes) {
  std::string octets = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += chunk_bytes) {
    const std::string_view chunk = body.substr(at, chunk_bytes);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    octets += size + std::string(chunk) + "\r\n";
  }
  return octets + "0\r\n\r\n";
}

std::string content_of(std::size_t bytes) {
  std::string content;
  for (std::size_t count = 0; content.size() < bytes; ++count) content += std::to_string(count);
  return content.substr(0, bytes);
}

std::size_t open_files() {
  const auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class H1SpooledBodies : public ServedOn<uring::MemoryEngine> {
 protected:
  H1SpooledBodies() : ServedOn({}, small) {}
};

class PooledSpool : public ServedOn<DiskEngine> {
 protected:
  PooledSpool() : ServedOn({}, small) {}
  // Until so many responses have arrived.
  std::string await_responses(uring::Peer peer, std::size_t count) {
    std::string received;
    while (responses_in(received).size() < count && !HasFatalFailure()) {
      engine_.await_disk();
      run();
      received += engine_.take_sent(peer);
    }
    return received;
  }
  void let_through() {
    engine_.await_disk();
    run();
  }
};

TEST_F(H1SpooledBodies, SEG_005_a_body_is_the_same_at_every_cut) {
  const std::string body = content_of(150);
  for (const std::string& request : {post(150) + body, chunked(body, 7), chunked(body, 200)}) {
    const std::string input = request + get();
    for (std::size_t cut = 1; cut < input.size(); ++cut) {
      const uring::Peer peer = connect();
      std::string received = send(peer, input.substr(0, cut));
      received += send(peer, input.substr(cut));
      const auto responses = responses_in(received);
      ASSERT_EQ(responses.size(), 2u) << cut;
      ASSERT_EQ(body_of(responses[0]), body) << cut;
      ASSERT_EQ(body_of(responses[1]), "hello");
      engine_.hang_up(peer);
      run();
    }
  }
}

TEST_F(PooledSpool, ENG_061_random_cuts_lose_no_octet) {
  for (const std::uint64_t seed : support::seeds(60)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::string input;
    std::vector<std::string> bodies;
    while (bodies.size() < 5) {
      const std::string body = content_of(1 + random() % (1 << (random() % 12)));
      switch (random() % 3) {
        case 0:
          input += get();
          bodies.emplace_back("hello");
          continue;
        case 1:
          input += post(body.size()) + body;
          break;
        default:
          input += chunked(body, 1 + random() % 300);
      }
      bodies.push_back(body);
    }
    const uring::Peer peer = connect();
    std::string received;
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t bytes = 1 + random() % (1 << (random() % 11));
      received += send(peer, input.substr(at, bytes));
      at += bytes;
    }
    if (random() % 2 == 0) engine_.finish(peer);
    run();
    received += engine_.take_sent(peer);
    const std::size_t missing = bodies.size() - responses_in(received).size();
    if (missing != 0) received += await_responses(peer, missing);
    const auto responses = responses_in(received);
    ASSERT_EQ(responses.size(), bodies.size());
    for (std::size_t index = 0; index < bodies.size(); ++index) {
      ASSERT_EQ(body_of(responses[index]), bodies[index]);
    }
    engine_.hang_up(peer);
    run();
  }
}

TEST_F(PooledSpool, RSP_024_a_slow_disk_holds_back_the_peer_and_its_time_stands_still) {
  const std::string body = content_of(500'000);
  const uring::Peer peer = connect();
  EXPECT_EQ(send(peer, post(body.size()) + body), "");
  pass_ms(100'000);  // nothing is through: nobody reads, and nobody is too slow
  EXPECT_EQ(engine_.take_sent(peer), "");
  EXPECT_EQ(body_of(await_responses(peer, 1)), body);
  EXPECT_EQ(body_of(send(peer, get())), "hello");
}

TEST_F(PooledSpool, LIM_015_who_stays_away_behind_a_piece_is_too_slow) {
  const uring::Peer peer = connect();
  EXPECT_EQ(send(peer, post(1000) + content_of(200)), "");
  let_through();
  pass_ms(10'000);
  EXPECT_EQ(status_of(engine_.take_sent(peer)), 408);
}

TEST_F(PooledSpool, FRM_010_peers_that_leave_take_their_files_with_them) {
  const std::size_t before = open_files();
  for (const int how : {0, 1, 2}) {
    const uring::Peer peer = connect();
    send(peer, post(1000) + content_of(500));
    if (how == 0) engine_.reset(peer);
    if (how == 1) engine_.finish(peer);
    if (how == 2) pass_ms(1000);
    let_through();
    if (how == 1) {
      EXPECT_EQ(status_of(engine_.take_sent(peer)), 400);
    }
    engine_.hang_up(peer);
    run();
    pass_ms(1000);
    run();
    pass_ms(10'000);
  }
  EXPECT_EQ(server_.connections_live(), 0u);
  EXPECT_EQ(open_files(), before);
}

TEST_F(PooledSpool, FRM_009_no_room_is_507_and_others_are_served) {
  const TemporaryDirectory nowhere("/nonexistent");
  const uring::Peer peer = connect();
  send(peer, post(1000) + content_of(500));
  let_through();
  EXPECT_EQ(status_of(engine_.take_sent(peer)), 507);
  EXPECT_EQ(stats_.of(Reason::answered_spool_full), 1u);
  EXPECT_EQ(body_of(send(connect(), get())), "hello");
}

class BoundedSpool final : public ServedOn<uring::MemoryEngine> {
 public:
  explicit BoundedSpool(const ServerConfig& config) : ServedOn(config, small) {}
  using ServedOn::connect;
  using ServedOn::engine_;
  using ServedOn::run;
  using ServedOn::send;
  using ServedOn::stats_;
  int upload(std::size_t bytes) {
    const uring::Peer peer = connect();
    send(peer, post(bytes));  // by itself: what comes whole in one receive is not spooled
    const int status = status_of(send(peer, content_of(bytes)));
    engine_.hang_up(peer);
    run();
    return status;
  }

 private:
  void TestBody() override {}
};

TEST(SpoolBound, PRC_044_spooled_bytes_max) {
  constexpr std::uint64_t n = 1000;
  for (const std::uint64_t bytes : {n - 1, n, n + 1}) {
    BoundedSpool served({.spooled_bytes_max = n});
    EXPECT_EQ(served.upload(bytes), bytes <= n ? 200 : 507);
    EXPECT_EQ(served.stats_.of(Reason::answered_spool_full), bytes <= n ? 0u : 1u);
    EXPECT_EQ(served.upload(n), 200);  // what was taken is given back
  }
}

TEST(SpoolBound, PRC_044_bodies_count_in_sum) {
  BoundedSpool served({.spooled_bytes_max = 1000});
  const uring::Peer first = served.connect();
  served.send(first, post(900) + content_of(800));
  EXPECT_EQ(served.upload(400), 507);
  EXPECT_EQ(served.upload(150), 200);
  EXPECT_EQ(status_of(served.send(first, content_of(900).substr(800))), 200);
  EXPECT_EQ(served.upload(1000), 200);
  const uring::Peer lost = served.connect();
  served.send(lost, post(900) + content_of(800));
  served.engine_.hang_up(lost);
  served.run();
  EXPECT_EQ(served.upload(1000), 200);
}

TEST_F(H1SpooledBodies, UPL_005_a_form_over_its_limits_is_refused_where_it_is) {
  const std::string fields = "Content-Type: multipart/form-data; boundary=b\r\n";
  const auto head = [&](std::string_view path) {
    std::string octets = post(5000, path);
    return octets.insert(octets.size() - 2, fields);
  };
  const std::string part = "--b\r\nContent-Disposition: form-data; name=a\r\nX: \x01\r\n\r\n";
  EXPECT_EQ(status_of(send(connect(), head("/form") + part + std::string(200, 'x'))), 400);
  EXPECT_EQ(stats_.of(Reason::refused_multipart_part_headers), 1u);
  // Who wants no form may have any octets.
  const uring::Peer peer = connect();
  const std::string rest(5000 - part.size(), 'x');
  EXPECT_EQ(body_of(send(peer, head("/echo") + part + rest)), part + rest);
}

TEST_F(H1SpooledBodies, an_exchange_that_is_suspended_keeps_the_body) {
  const uring::Peer peer = connect();
  EXPECT_EQ(send(peer, post(300, "/later/x")), "");
  EXPECT_EQ(send(peer, content_of(300)), "");
  Exchange* const exchange = seen_.suspended.at(0).handle.get();
  ASSERT_NE(exchange, nullptr);
  EXPECT_EQ(exchange->body(), content_of(300));
  const auto file = exchange->body_file();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->view().data(), exchange->body().data());
  answer_later(seen_.suspended[0], "done");
  run();
  EXPECT_EQ(body_of(engine_.take_sent(peer)), "done");
  EXPECT_EQ(file->view(), content_of(300));
}

}  // namespace
}  // namespace pelton::http

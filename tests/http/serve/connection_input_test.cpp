// Bodies that are received into memory of their own: what one connection takes of the buffers that
// all share has a bound.
#include <gtest/gtest.h>

#include <string>

#include "served_on.hpp"

namespace pelton::http {
namespace {

// Counts the octets that came by each road.
class WatchedEngine final : public uring::MemoryEngine {
 public:
  std::size_t own_bytes = 0;
  std::size_t own_receives = 0;

 private:
  void prepared(const uring::Submission& submission) override {
    if (submission.operation == uring::Operation::receive && submission.memory != nullptr) {
      ++own_receives;
    }
  }
  void post(const uring::Completion& completion) override {
    const bool received = completion.token.operation() == uring::Operation::receive;
    if (received && completion.result > 0 && completion.buffer == uring::no_buffer) {
      own_bytes += static_cast<std::size_t>(completion.result);
    }
    MemoryEngine::post(completion);
  }
};

// Its cancellations may come too late: there was something to receive first.
class LateEngine final : public uring::MemoryEngine {
 public:
  bool late = false;

 private:
  std::int32_t cancel_now(uring::Token target) override {
    return late ? -ENOENT : MemoryEngine::cancel_now(target);
  }
};
using ReceiveCreditLate = ServedOn<LateEngine>;

class ReceiveCredit : public ServedOn<WatchedEngine> {
 protected:
  ReceiveCredit() : ServedOn({.buffered_bytes_high = 600'000, .receive_credit_bytes = 1000}) {}

  static std::string upload(std::size_t bytes) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) +
           "\r\n\r\n";
  }
};

TEST_F(ReceiveCredit, GEN_003_PRC_044_what_is_only_declared_takes_no_room_from_others) {
  for (int count = 0; count < 20; ++count) send(connect(), upload(1'000'000));
  EXPECT_EQ(status_of(send(connect(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
}

TEST_F(ReceiveCredit, LIM_097_ENG_016_receive_credit_bytes) {
  const std::size_t n = config_.receive_credit_bytes;
  for (const std::size_t bytes : {n - 1, n, n + 1, 10 * n, 200 * n}) {
    for (const std::size_t begun : {0u, 1u, 500u}) {
      const uring::Peer peer = connect();
      const std::size_t own_before = engine_.own_receives;
      std::string body;
      while (body.size() < bytes) body += "octet " + std::to_string(body.size());
      body.resize(bytes);
      EXPECT_EQ(send(peer, upload(bytes) + body.substr(0, begun)), "");
      EXPECT_EQ(engine_.own_receives > own_before, bytes - begun > n) << bytes << " " << begun;
      std::string received;
      for (std::size_t at = begun; at < bytes; at += 70'000) {
        received += send(peer, body.substr(at, 70'000));
      }
      ASSERT_EQ(body_of(received), body);
      // The connection is as good as before.
      EXPECT_EQ(body_of(send(peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")), "hello");
      engine_.hang_up(peer);
      run();
    }
  }
  EXPECT_GT(engine_.own_bytes, 400'000u);
}

TEST_F(ReceiveCredit, LIM_097_what_follows_a_large_body_is_the_next_request) {
  const uring::Peer peer = connect();
  const std::string body(5000, 'x');
  const std::string hello = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto responses =
      responses_in(send(peer, upload(5000) + body + hello + upload(5000) + body + hello));
  ASSERT_EQ(responses.size(), 4u);
  EXPECT_EQ(body_of(responses[2]), body);
  EXPECT_EQ(body_of(responses[3]), "hello");
}

TEST_F(ReceiveCredit, ENG_012_memory_that_is_lent_outlives_a_refusal_and_the_connection) {
  for (const int how : {0, 1, 2, 3}) {
    const uring::Peer peer = connect();
    send(peer, upload(100'000) + "some");
    switch (how) {
      case 0:  // too slow: refused while the receive is in flight
        pass_ms(6'000);
        EXPECT_EQ(status_of(engine_.take_sent(peer)), 408);
        send(peer, std::string(3'000, 'y'));
        break;
      case 1:
        engine_.finish(peer);
        run();
        EXPECT_EQ(status_of(engine_.take_sent(peer)), 400);
        break;
      case 2:
        engine_.reset(peer);
        run();
        break;
      default:
        server_.stop_quickly();
        run();
        pass_ms(2'000);
        EXPECT_TRUE(engine_.server_reset(peer));
    }
    if (how < 2) engine_.hang_up(peer);
    run();
    pass_ms(10'000);
    EXPECT_EQ(server_.connections_live(), 0u) << how;
  }
}

// As the pool of a disk refuses a form while its octets still come.
TEST_F(ReceiveCreditLate, ENG_012_octets_for_a_body_that_was_refused_meanwhile_are_dropped) {
  const uring::Peer peer = connect();
  send(peer, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" +
                 std::string(10'000, 'x'));
  engine_.late = true;
  pass_ms(60'000);
  engine_.late = false;
  engine_.deliver(peer, std::string(1'000, 'x'));
  run();
  EXPECT_EQ(status_of(engine_.take_sent(peer)), 408);
  engine_.finish(peer);
  run();
  EXPECT_TRUE(engine_.closed(peer));
}

}  // namespace
}  // namespace pelton::http

// PRC-036: what there is no memory for fails alone. The heap refuses all large blocks while the
// server works on input that has arrived before.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "served.hpp"
#include "tests/http/websocket/client.hpp"
#include "tests/support/allocations.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t refused_bytes = std::size_t{256} * 1024;
const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string big_request = "GET /big/5000000 HTTP/1.1\r\nHost: a\r\n\r\n";

class FailedAllocations : public testing::Test {
 protected:
  void SetUp() override {
    if (!support::AllocationRefusal::works()) GTEST_SKIP() << "the heap of a sanitizer";
  }
  // What arrives at the peer while large blocks are refused.
  std::string send(uring::Peer peer, std::string_view octets) {
    served_.engine.deliver(peer, octets);
    {
      const support::AllocationRefusal refusal(refused_bytes);
      served_.run();
    }
    return served_.engine.take_sent(peer);
  }
  bool is_served() {
    return status_of(served_.send(served_.connect(), hello_request)) == 200 &&
           status_of(served_.send(served_.connect(), big_request)) == 200;
  }

  Served served_;
};

std::string post(std::size_t bytes) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
         std::string(bytes, 'x');
}

TEST_F(FailedAllocations, PRC_036_an_answer_is_a_500_and_the_connection_goes_on) {
  const uring::Peer peer = served_.connect();
  EXPECT_EQ(status_of(send(peer, big_request)), 500);
  EXPECT_EQ(served_.count(Reason::fault_handler), 1u);
  EXPECT_EQ(status_of(served_.send(peer, big_request)), 200);
  EXPECT_TRUE(is_served());
}

TEST_F(FailedAllocations,
       PRC_036_behind_an_answer_that_fills_its_block_another_is_left_unanswered) {
  const uring::Peer peer = served_.connect();
  // The largest that fits, and nothing behind it: neither an answer nor a 500 has room.
  const std::string first = "GET /big/130960 HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string requests;
  for (int count = 0; count < 3; ++count) requests += first;
  const auto responses = responses_in(send(peer, requests));
  EXPECT_GE(responses.size(), 1u);
  for (const std::string& response : responses) {
    EXPECT_TRUE(status_of(response) == 200 || status_of(response) == 500);
  }
  EXPECT_TRUE(is_served());
}

TEST_F(FailedAllocations, PRC_036_PRC_044_a_body_is_a_503) {
  EXPECT_EQ(status_of(send(served_.connect(), post(900'000))), 503);
  EXPECT_EQ(served_.count(Reason::shed_memory), 1u);
  std::string chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int count = 0; count < 9; ++count)
    chunked += "186a0\r\n" + std::string(100'000, 'x') + "\r\n";
  EXPECT_EQ(status_of(send(served_.connect(), chunked + "0\r\n\r\n")), 503);
  EXPECT_EQ(served_.count(Reason::shed_memory), 2u);
  EXPECT_TRUE(is_served());
  EXPECT_EQ(status_of(served_.send(served_.connect(), post(900'000))), 200);
}

TEST_F(FailedAllocations, PRC_036_a_websocket_message_ends_its_websocket) {
  const uring::Peer peer = served_.connect();
  served_.send(peer, websocket::handshake("/socket/echo"));
  const std::string frame = websocket::binary(std::string(600'000, 'x'));
  EXPECT_EQ(websocket::told(send(peer, frame)), "close:1011");
  EXPECT_EQ(served_.count(Reason::cut_memory), 1u);
  EXPECT_TRUE(is_served());
}

TEST_F(FailedAllocations, PRC_036_small_answers_leave_although_nothing_can_be_had) {
  const uring::Peer peer = served_.connect();
  served_.engine.deliver(peer, hello_request);
  {
    const support::AllocationRefusal refusal(1000);
    served_.run();
  }
  EXPECT_EQ(status_of(served_.engine.take_sent(peer)), 200);
}

}  // namespace
}  // namespace pelton::http

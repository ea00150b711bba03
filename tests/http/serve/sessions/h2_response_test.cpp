// Responses of HTTP/2: whole, in pieces, and as fast as the client takes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "http/serve/sessions/h2_stream.hpp"
#include "tests/http/h2/spoken.hpp"

namespace pelton::http {
namespace {

using h2::ErrorCode;
using h2::FrameType;
using support::request;
using support::window_update;

std::string field(const support::CameOnStream& stream, std::string_view name) {
  for (const auto& [one, value] : stream.fields) {
    if (one == name) return value;
  }
  return "none";
}

// The exchange that the client's last request has suspended.
Exchange& last_suspended(Spoken& spoken) {
  return *spoken.served.seen.suspended.back().handle.get();
}

TEST(H2Response, its_length_and_none_of_HEAD) {
  Spoken spoken;
  spoken.say(request(1, "/") + request(3, "/", "HEAD") + request(5, "/", "OPTIONS") +
             request(7, "/fail") + request(9, "/close"));
  EXPECT_EQ(field(spoken.stream(1), "content-length"), "5");
  EXPECT_EQ(field(spoken.stream(1), "date").size(), 29u);
  EXPECT_EQ(field(spoken.stream(3), "content-length"), "5");
  EXPECT_EQ(spoken.stream(3).body, "");
  EXPECT_TRUE(spoken.stream(3).ended);
  EXPECT_EQ(spoken.stream(5).status, 204);
  EXPECT_EQ(field(spoken.stream(5), "content-length"), "none");
  EXPECT_NE(field(spoken.stream(5), "allow"), "none");
  EXPECT_EQ(spoken.stream(7).status, 500);
  EXPECT_EQ(field(spoken.stream(9), "connection"), "none");
  EXPECT_FALSE(spoken.came.went_away);
}

TEST(H2Response, a_stream_with_trailers) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  Exchange& exchange = last_suspended(spoken);
  ASSERT_EQ(exchange.begin_stream({.status = 200}), HeadFault::none);
  EXPECT_EQ(exchange.write("one "), 4u);
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).body, "one ");
  EXPECT_FALSE(spoken.stream(1).ended);
  EXPECT_EQ(exchange.write("two"), 3u);
  const std::array<FieldView, 2> trailers{{{"X-Sum", "7"}, {"Content-Length", "7"}}};
  exchange.end(Outcome::responded, trailers);
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).body, "one two");
  EXPECT_EQ(spoken.stream(1).trailers, (support::FieldList{{"x-sum", "7"}}));
  EXPECT_TRUE(spoken.stream(1).ended);
}

TEST(H2Response, RSP_010_early_hints) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  const std::array<std::string_view, 1> links{"</a>"};
  EXPECT_EQ(last_suspended(spoken).hint(links), HeadFault::none);
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).interim, std::vector<int>{103});
  answer_later(spoken.served.seen.suspended.back(), "done");
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).status, 200);
}

TEST(H2Response, RSP_012_a_stream_that_is_shorter_than_declared_is_reset) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  const FieldView length{"Content-Length", "9"};
  Exchange& exchange = last_suspended(spoken);
  ASSERT_EQ(exchange.begin_stream({.status = 200, .fields = std::span(&length, 1)}),
            HeadFault::none);
  exchange.write("short");
  exchange.end(Outcome::responded);
  spoken.say({});
  EXPECT_TRUE(spoken.stream(1).was_reset);
  EXPECT_EQ(spoken.stream(1).code, ErrorCode::internal_error);
  EXPECT_FALSE(spoken.stream(1).ended);
  EXPECT_EQ(spoken.count(Reason::fault_response_length), 1u);
}

TEST(H2Response, RSP_020_a_handler_that_fails_in_its_response_is_reset) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  ASSERT_EQ(last_suspended(spoken).begin_stream({.status = 200}), HeadFault::none);
  last_suspended(spoken).end(Outcome::failed);
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).code, ErrorCode::internal_error);
  EXPECT_EQ(spoken.count(Reason::fault_handler_streaming), 1u);
}

TEST(H2Response, as_much_leaves_as_the_windows_let) {
  Spoken spoken;
  spoken.say(request(1, "/big/200000"));
  EXPECT_EQ(spoken.stream(1).body.size(), 65535u);
  spoken.say(window_update(1, 1000));
  EXPECT_EQ(spoken.stream(1).body.size(), 65535u);
  spoken.say(window_update(0, 500));
  EXPECT_EQ(spoken.stream(1).body.size(), 66035u);
  spoken.say(window_update(0, 1 << 20) + window_update(1, 1 << 20));
  EXPECT_EQ(spoken.stream(1).body.size(), 200000u);
  EXPECT_TRUE(spoken.stream(1).ended);
}

TEST(H2Response, RSP_023_a_handler_waits_for_room) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  Exchange& exchange = last_suspended(spoken);
  ASSERT_EQ(exchange.begin_stream({.status = 200}), HeadFault::none);
  const std::string piece(100000, 'x');
  std::size_t taken = 0;
  while (!exchange.is_backed_up()) taken += exchange.write(piece);
  EXPECT_GT(taken, 262144u);
  EXPECT_LT(taken, 500000u);
  spoken.say({});
  auto& events = spoken.served.seen.suspended.back().events;
  EXPECT_EQ(std::ranges::count(events, ExchangeEvent::writable), 0);
  spoken.say(window_update(0, 1 << 20) + window_update(1, 1 << 20));
  EXPECT_EQ(std::ranges::count(events, ExchangeEvent::writable), 1);
  exchange.end(Outcome::responded);
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).body.size(), taken);
}

TEST(H2Response, H2_030_one_stuck_stream_stalls_no_other_and_is_reset) {
  Spoken spoken;
  spoken.say(window_update(0, 1 << 24) + request(1, "/big/100000"));
  EXPECT_EQ(spoken.stream(1).body.size(), 65535u);
  for (std::uint32_t second = 0; second < 4; ++second) {
    spoken.say(request(3 + 2 * second, "/big/50000"));
    EXPECT_TRUE(spoken.stream(3 + 2 * second).ended);
    spoken.pass_ms(1000);
  }
  EXPECT_FALSE(spoken.stream(1).was_reset);
  // Its windows earn it nothing, only what it takes does.
  spoken.pass_ms(300'000);
  EXPECT_TRUE(spoken.stream(1).was_reset);
  EXPECT_EQ(spoken.stream(1).code, ErrorCode::cancel);
  EXPECT_EQ(spoken.count(Reason::cut_send_too_slow), 1u);
}

TEST(H2Response, H2_030_a_response_whose_end_the_client_does_not_take_is_reset) {
  Spoken spoken;
  const std::string no_window{'\0', '\4', '\0', '\0', '\0', '\0'};
  spoken.say(support::frame(FrameType::settings, 0, 0, no_window));
  spoken.say(request(1, "/later/x"));
  ASSERT_EQ(last_suspended(spoken).begin_stream({.status = 200}), HeadFault::none);
  last_suspended(spoken).end(Outcome::responded);
  spoken.pass_ms(6000);
  EXPECT_TRUE(spoken.stream(1).ended || spoken.stream(1).was_reset);
}

TEST(H2Response, several_streams_share_the_connection) {
  Spoken spoken;
  spoken.say(window_update(0, 1 << 24) + request(1, "/big/65000") + request(3, "/big/65000") +
             request(5, "/"));
  for (const std::uint32_t stream : {1u, 3u, 5u}) EXPECT_TRUE(spoken.stream(stream).ended);
}

}  // namespace
}  // namespace pelton::http

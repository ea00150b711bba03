// http/serve/websocket_connection without a connection: what it reads and tells, and how it ends.
#include "http/serve/websocket_connection.hpp"

#include <string>

#include "lone_socket.hpp"

namespace pelton::http {
namespace {

using websocket::binary;
using websocket::frame;
using websocket::text;

TEST_F(WebSocketConnectionTest, WS_031_the_peers_close_is_due_from_when_ours_has_left) {
  config_.websocket_close_timeout_ms = 300;
  open();
  socket_->send(MessageKind::text, "a");
  socket_->close(1000, "");
  socket_->begin_sending();
  now_ms_ += 10'000;
  socket_->inspect(now_ms_);
  EXPECT_FALSE(socket_->over());
  EXPECT_EQ(sent(), "text:a close:1000");
  EXPECT_EQ(wait(1000), 300u);
  EXPECT_EQ(socket_->cut_reason(), Reason::cut_websocket_close_timeout);
}

TEST_F(WebSocketConnectionTest, WS_031_WS_034_the_peers_close_is_echoed_and_told_once) {
  for (const unsigned code : {0u, 1000u, 3999u}) {
    news_.clear();
    open();
    receive(text("a") + websocket::close(code, code == 0 ? "" : "bye") + text("b"));
    EXPECT_EQ(sent(), code == 0 ? "close:" : "close:" + std::to_string(code));
    socket_->lose();
    socket_->settle(now_ms_);
    EXPECT_EQ(news_, (News{"text:a",
                           code == 0 ? "closed:1005" : "closed:" + std::to_string(code) + "bye"}));
    sockets_.erase(socket_->place().slot);
  }
  open();
}

TEST_F(WebSocketConnectionTest, WS_032_WS_033_a_broken_rule_ends_it_with_its_code) {
  const struct {
    std::string octets;
    unsigned code;
    Reason reason;
  } cases[] = {
      {frame({.masked = false}), 1002, Reason::cut_websocket_protocol},
      {text("\xff"), 1007, Reason::cut_websocket_utf8},
      {binary(std::string(2 << 20, 'x')), 1009, Reason::cut_websocket_message_too_big},
  };
  for (const auto& one : cases) {
    news_.clear();
    open();
    receive(text("a") + one.octets + text("b"));
    EXPECT_EQ(sent(), "close:" + std::to_string(one.code));
    EXPECT_EQ(news_, (News{"text:a", "closed:" + std::to_string(one.code) + " unclean"}));
    EXPECT_EQ(stats_.of(one.reason), 1u);
    EXPECT_TRUE(socket_->over());
    sockets_.erase(socket_->place().slot);
  }
  open();
}

TEST_F(WebSocketConnectionTest, WS_032_what_came_ahead_of_a_broken_rule_may_be_answered) {
  for (const bool lost : {false, true}) {
    news_.clear();
    open();
    std::string octets = text("a") + frame({.masked = false}) + text("b");
    EXPECT_EQ(socket_->receive(octets, now_ms_), octets.size());
    std::string more = text("c");
    EXPECT_EQ(socket_->receive(more, now_ms_), more.size());
    EXPECT_EQ(socket_->send(MessageKind::text, "a"), SendOutcome::queued);
    if (lost) socket_->lose();
    socket_->settle(now_ms_);
    EXPECT_EQ(sent(), "text:a close:1002");
    EXPECT_EQ(news_, (News{"text:a", "closed:1002 unclean"}));
    EXPECT_EQ(stats_.of(Reason::cut_websocket_protocol), lost ? 2u : 1u);
    sockets_.erase(socket_->place().slot);
  }
  open();
}

TEST_F(WebSocketConnectionTest, WS_033_WS_034_a_connection_that_is_lost_is_1006) {
  open();
  socket_->lose();
  socket_->lose();
  EXPECT_EQ(news_, News{"closed:1006 unclean"});
  EXPECT_EQ(sent(), "");
}

TEST_F(WebSocketConnectionTest, WS_034_an_end_is_known_before_it_is_told) {
  open();
  EXPECT_FALSE(socket_->known_end());
  std::string octets = websocket::close(3001, "why");
  socket_->receive(octets, now_ms_);
  EXPECT_EQ(news_, News{});
  ASSERT_TRUE(handle_.get() != nullptr && socket_->known_end());
  EXPECT_EQ(socket_->known_end()->code, 3001);
  EXPECT_EQ(socket_->known_end()->octets, "why");
  EXPECT_TRUE(socket_->known_end()->clean);
  socket_->settle(now_ms_);
  EXPECT_EQ(news_, News{"closed:3001why"});
}

TEST_F(WebSocketConnectionTest, PRC_014_a_stop_closes_with_1001_and_tells_at_once) {
  open();
  socket_->drain(now_ms_);
  EXPECT_EQ(sent(), "close:1001");
  EXPECT_EQ(news_, News{"closed:1001"});
  EXPECT_FALSE(socket_->over());
  receive(websocket::close(1001));
  EXPECT_TRUE(socket_->over());
  EXPECT_EQ(news_.size(), 1u);
}

TEST_F(WebSocketConnectionTest, WS_050_LIM_073_a_silent_peer_is_pinged_then_closed) {
  config_.websocket_ping_interval_ms = 300;
  config_.websocket_ping_timeout_ms = 200;
  open();
  EXPECT_EQ(wait(1000), 300u);
  EXPECT_EQ(sent(), "ping:");
  // Whatever comes will do.
  now_ms_ += 199;
  receive(text("a"));
  EXPECT_EQ(wait(1000), 300u);
  EXPECT_EQ(sent(), "ping:");
  EXPECT_EQ(wait(1000), 200u);
  EXPECT_EQ(sent(), "close:1011");
  EXPECT_EQ(news_, (News{"text:a", "closed:1011 unclean"}));
  EXPECT_EQ(stats_.of(Reason::cut_websocket_ping_timeout), 1u);
}

TEST_F(WebSocketConnectionTest, WS_050_pongs_keep_their_order_and_beyond_sixteen_the_newest) {
  open();
  std::string pings;
  for (int index = 0; index < 20; ++index) {
    pings += frame({.opcode = 9, .payload = std::to_string(index)});
  }
  receive(pings);
  std::string expected = "pong:0";
  for (int index = 1; index < 16; ++index) expected += " pong:" + std::to_string(index);
  EXPECT_EQ(sent(), expected);
  EXPECT_EQ(sent(), "pong:19");
  EXPECT_EQ(sent(), "");
  receive(frame({.opcode = 9, .payload = "again"}));
  EXPECT_EQ(sent(), "pong:again");
}

// A sender that keeps the queue from ever being empty does not keep pongs from being forgotten.
TEST_F(WebSocketConnectionTest, WS_050_pongs_are_counted_until_what_holds_them_is_sent) {
  open();
  answer_pings(0, 10);
  socket_->begin_sending();
  EXPECT_EQ(answer_pings(10, 20), "pong:10 pong:11 pong:12 pong:13 pong:14 pong:15");
  socket_->sent(now_ms_);  // the first ten
  EXPECT_EQ(answer_pings(20, 30),
            "pong:19 pong:20 pong:21 pong:22 pong:23 pong:24 pong:25 "
            "pong:26 pong:27 pong:28");
  socket_->begin_sending();
  socket_->sent(now_ms_);
  EXPECT_EQ(answer_pings(30, 31), "pong:29 pong:30");
}

TEST_F(WebSocketConnectionTest, WS_050_the_answer_is_due_from_when_the_ping_has_left) {
  config_.websocket_ping_interval_ms = 300;
  config_.websocket_ping_timeout_ms = 200;
  open();
  EXPECT_EQ(wait(1000), 300u);
  output_.release();
  EXPECT_EQ(wait(1000), 1000u);  // it waits behind what the kernel takes slowly
  socket_->begin_sending();
  EXPECT_EQ(wait(1000), 1000u);
  socket_->sent(now_ms_);
  EXPECT_EQ(wait(1000), 200u);
  EXPECT_EQ(sent(), "close:1011");
}

TEST_F(WebSocketConnectionTest, LIM_075_control_frames_are_counted_by_time) {
  const std::uint64_t n = config_.websocket_control_frames_max = 5;
  open();
  const std::string pong = frame({.opcode = 10});
  const auto send_pongs = [&](std::uint64_t count) {
    for (std::uint64_t index = 0; index < count; ++index) receive(pong);
    return socket_->over();
  };
  EXPECT_FALSE(send_pongs(n - 1));
  EXPECT_FALSE(send_pongs(1));  // n
  now_ms_ += 10'000;
  EXPECT_FALSE(send_pongs(n));
  EXPECT_TRUE(send_pongs(1));  // n + 1
  EXPECT_EQ(sent(), "close:1008");
  EXPECT_EQ(news_.back(), "closed:1008 unclean");
  EXPECT_EQ(stats_.of(Reason::cut_websocket_control_flood), 1u);
}

TEST_F(WebSocketConnectionTest, WS_017_a_frame_that_drips_is_cut) {
  config_.rate_grace_ms = 500;
  config_.rate_credit_ms_max = 30'000;
  config_.body_rate_bytes_per_second_min = 10;  // 100 ms for an octet
  open();
  const std::string octets = binary(std::string(1000, 'x'));
  receive(octets.substr(0, 8));  // and 800 ms
  EXPECT_EQ(wait(10'000), 1300u);
  EXPECT_EQ(socket_->cut_reason(), Reason::cut_websocket_slow);
  EXPECT_EQ(news_, News{"closed:1006 unclean"});
}

TEST_F(WebSocketConnectionTest, WS_017_between_frames_nobody_is_slow) {
  config_.rate_grace_ms = 500;
  open();
  receive(frame({.payload = "a", .final = false}));
  EXPECT_EQ(wait(15'000), 15'000u);
  receive(frame({.opcode = 0, .payload = "b"}));
  EXPECT_EQ(news_, News{"text:ab"});
}

TEST_F(WebSocketConnectionTest, WS_053_LIM_078_reading_pauses_while_much_is_undelivered) {
  const std::uint64_t n = config_.websocket_receive_messages_max = 3;
  config_.websocket_message_bytes_max = 100;
  open();
  holds_ = true;
  std::string octets;
  for (int index = 0; index < 10; ++index) octets += text("m");
  const std::size_t one = octets.size() / 10;
  // n are held without a pause; the one above is the last that is read.
  EXPECT_EQ(receive(octets), (n + 1) * one);
  EXPECT_TRUE(socket_->paused());
  EXPECT_EQ(news_.size(), n + 1);
  EXPECT_EQ(receive(octets), 0u);
  socket_->set_undelivered(n + 1, 0);
  socket_->settle(now_ms_);
  EXPECT_TRUE(socket_->paused());
  socket_->set_undelivered(n, 0);
  socket_->settle(now_ms_);
  EXPECT_FALSE(socket_->paused());
  socket_->set_undelivered(1, 101);
  EXPECT_TRUE(socket_->paused());
  socket_->set_undelivered(1, 100);
  socket_->settle(now_ms_);
  EXPECT_FALSE(socket_->paused());
}

TEST_F(WebSocketConnectionTest, WS_053_pings_go_out_while_it_pauses_and_no_time_runs_out) {
  config_.websocket_ping_interval_ms = 300;
  config_.websocket_ping_timeout_ms = 200;
  open();
  socket_->set_undelivered(1000, 0);
  for (int ping = 0; ping < 5; ++ping) {
    EXPECT_EQ(wait(1000), 300u);
    EXPECT_EQ(sent(), "ping:");
  }
  socket_->set_undelivered(0, 0);
  socket_->settle(now_ms_);
  EXPECT_EQ(wait(1000), 200u);
  EXPECT_EQ(sent(), "close:1011");
}

TEST_F(WebSocketConnectionTest, WS_031_a_listener_may_close_it) {
  open();
  closes_ = true;
  receive(text("a") + text("b"));
  EXPECT_EQ(news_, News{"text:a"});
  EXPECT_EQ(sent(), "close:4000enough");
}

}  // namespace
}  // namespace pelton::http

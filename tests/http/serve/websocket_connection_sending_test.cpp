// http/serve/websocket_connection_sending: what a WebSocket queues, keeps and refuses.
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "lone_socket.hpp"

namespace pelton::http {
namespace {

using websocket::frame;
using websocket::text;

TEST_F(WebSocketConnectionTest, WS_018_whole_messages_in_the_order_of_calls) {
  open();
  EXPECT_EQ(handle_.get(), socket_);
  EXPECT_EQ(socket_->send(MessageKind::text, "a"), SendOutcome::queued);
  EXPECT_EQ(socket_->send(MessageKind::binary, "b", SlowPolicy::drop), SendOutcome::queued);
  EXPECT_TRUE(socket_->ping("p"));
  EXPECT_EQ(socket_->buffered_bytes(), output_.size());
  EXPECT_EQ(sent(), "text:a binary:b ping:p");
}

TEST_F(WebSocketConnectionTest, WS_062_LIM_077_messages_of_some_length_are_deflated) {
  const std::uint64_t n = config_.websocket_deflate_bytes_min = 100;
  open(true);
  for (const std::size_t bytes : {n - 1, n, n + 1}) {
    const std::string message(bytes, 'a');
    socket_->send(MessageKind::text, message);
    EXPECT_EQ(sent(), (bytes < n ? "text:" : "ztext:") + message);
  }
  // What does not shrink goes as it is.
  std::string noise;
  for (unsigned octet = 0, state = 1; octet < 500; ++octet) {
    state = state * 1103515245 + 12345;
    noise += static_cast<char>(state >> 16);
  }
  socket_->send(MessageKind::binary, noise);
  EXPECT_EQ(sent(), "binary:" + noise);
  EXPECT_TRUE(socket_->ping(std::string(125, 'p')));
  EXPECT_EQ(sent(), "ping:" + std::string(125, 'p'));
}

TEST_F(WebSocketConnectionTest, WS_030_WS_031_our_close_waits_for_the_peers) {
  open();
  EXPECT_EQ(socket_->close(1005, ""), CloseFault::code);
  EXPECT_EQ(socket_->close(999, ""), CloseFault::code);
  EXPECT_EQ(socket_->close(1000, std::string(124, 'x')), CloseFault::reason);
  EXPECT_EQ(socket_->close(1000, "\xff"), CloseFault::reason);
  EXPECT_FALSE(socket_->closing());
  EXPECT_EQ(socket_->close(4000, std::string(123, 'x')), CloseFault::none);
  EXPECT_TRUE(socket_->closing());
  EXPECT_EQ(socket_->close(1000, ""), CloseFault::none);
  EXPECT_EQ(socket_->send(MessageKind::text, "a"), SendOutcome::closed);
  EXPECT_EQ(socket_->send(MessageKind::text, "a", SlowPolicy::drop), SendOutcome::closed);
  EXPECT_FALSE(socket_->ping(""));
  EXPECT_EQ(sent(), "close:4000" + std::string(123, 'x'));
  receive(text("late") + frame({.opcode = 9, .payload = "p"}));
  EXPECT_EQ(news_, News{});
  EXPECT_NE(handle_.get(), nullptr);
  receive(websocket::close(4000, "yes") + text("never"));
  EXPECT_EQ(news_, News{"closed:4000yes"});
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(socket_->over());
  EXPECT_EQ(socket_->cut_reason(), Reason::none);
}

TEST_F(WebSocketConnectionTest, WS_031_a_close_may_say_no_code) {
  open();
  EXPECT_EQ(socket_->close(0, "why"), CloseFault::reason);
  EXPECT_EQ(socket_->close(0, ""), CloseFault::none);
  EXPECT_EQ(sent(), "close:");
  receive(websocket::close(0));
  EXPECT_EQ(news_, News{"closed:1005"});
}

TEST_F(WebSocketConnectionTest, WS_051_who_sends_much_waits_for_the_low_mark) {
  config_.send_queue_bytes_high = 1000;
  config_.send_queue_bytes_low = 100;
  open();
  const std::string message(400, 'x');
  EXPECT_EQ(socket_->send(MessageKind::text, message), SendOutcome::queued);
  EXPECT_EQ(socket_->send(MessageKind::text, message), SendOutcome::queued);
  EXPECT_FALSE(socket_->awaits_room());
  EXPECT_EQ(socket_->send(MessageKind::text, message), SendOutcome::queued_high);
  EXPECT_TRUE(socket_->awaits_room());
  socket_->settle(now_ms_);
  EXPECT_EQ(news_, News{});
  output_.truncate(101);
  socket_->settle(now_ms_);
  EXPECT_EQ(news_, News{});
  output_.truncate(100);
  socket_->settle(now_ms_);
  socket_->settle(now_ms_);
  EXPECT_EQ(news_, News{"writable"});
}

TEST_F(WebSocketConnectionTest, WS_052_LIM_072_what_becomes_of_a_message_without_room) {
  const std::uint64_t n = config_.websocket_queue_bytes_max = 1000;
  open();
  const std::string large(3 * n, 'x');
  EXPECT_EQ(socket_->send(MessageKind::text, large, SlowPolicy::drop), SendOutcome::queued);
  EXPECT_EQ(socket_->send(MessageKind::text, "a", SlowPolicy::drop), SendOutcome::dropped);
  EXPECT_EQ(stats_.of(Reason::dropped_websocket_message), 1u);
  EXPECT_EQ(socket_->send(MessageKind::text, "a", SlowPolicy::wait), SendOutcome::full);
  EXPECT_EQ(sent(), "text:" + large);
  socket_->settle(now_ms_);
  EXPECT_EQ(news_, News{"writable"});
  socket_->send(MessageKind::text, std::string(396, 'y'));  // with its head 400
  for (const std::uint64_t bytes : {n - 1, n, n + 1}) {
    const SendOutcome outcome =
        socket_->send(MessageKind::text, std::string(bytes - 400, 'z'), SlowPolicy::drop);
    EXPECT_EQ(outcome, bytes <= n ? SendOutcome::queued : SendOutcome::dropped) << bytes;
    output_.truncate(400);
  }
  EXPECT_EQ(socket_->send(MessageKind::text, large, SlowPolicy::close), SendOutcome::closed);
  EXPECT_EQ(news_.size(), 1u);  // never from within a call
  socket_->settle(now_ms_);
  EXPECT_EQ(news_.back(), "closed:1013 unclean");
  EXPECT_EQ(sent(), "text:" + std::string(396, 'y') + " close:1013");
  EXPECT_EQ(stats_.of(Reason::cut_websocket_queue), 1u);
}

// Three messages, of which the queue has room for one at a time.
class KeptMessagesTest : public WebSocketConnectionTest {
 protected:
  KeptMessagesTest() {
    config_.websocket_queue_bytes_max = config_.send_queue_bytes_low = 1000;
    open();
    for (const char* const octets : {"a", "b", "c"}) {
      const std::string_view message = messages_.emplace_back(700, *octets);
      EXPECT_TRUE(socket_->send_shared(
          std::make_shared<SharedMessage>(MessageKind::text, message, blocks_, deflater_,
                                          config_.websocket_deflate_bytes_min),
          SlowPolicy::wait));
    }
  }
  // What is with the kernel now; there is room for the next.
  std::string next() {
    const std::string line = sent();
    socket_->settle(now_ms_);
    return line;
  }

  std::list<std::string> messages_;
};

TEST_F(KeptMessagesTest, WS_052_WS_030_our_close_goes_behind_what_waits_for_room) {
  EXPECT_EQ(socket_->close(4000, "bye"), CloseFault::none);
  EXPECT_TRUE(socket_->closing());
  EXPECT_EQ(socket_->close(4001, "again"), CloseFault::none);
  EXPECT_EQ(socket_->send(MessageKind::text, "late"), SendOutcome::closed);
  for (const std::string& message : messages_) {
    EXPECT_EQ(socket_->deadline_ms(), TimerWheel::no_deadline_ms);
    EXPECT_EQ(next(), "text:" + message + (message[0] == 'c' ? " close:4000bye" : ""));
  }
  // Only from here on the peer's is due.
  EXPECT_EQ(socket_->deadline_ms(), now_ms_ + config_.websocket_close_timeout_ms);
  EXPECT_EQ(news_, News{});
  receive(websocket::close(4000, "yes"));
  EXPECT_EQ(news_, News{"closed:4000yes"});
  EXPECT_EQ(next(), "");
}

TEST_F(KeptMessagesTest, WS_031_the_peers_close_is_answered_while_ours_waits) {
  socket_->close(4000, "bye");
  receive(websocket::close(1000, "enough"));
  EXPECT_EQ(next(), "text:" + messages_.front() + " close:1000");
  EXPECT_EQ(news_, News{"closed:1000enough"});
  EXPECT_TRUE(socket_->over());
}

TEST_F(KeptMessagesTest, WS_032_a_broken_rule_is_told_while_our_close_waits) {
  socket_->close(4000, "bye");
  receive(frame({.opcode = 3}));
  EXPECT_EQ(next(), "text:" + messages_.front() + " close:1002");
  EXPECT_EQ(news_, News{"closed:1002 unclean"});
}

TEST_F(KeptMessagesTest, PRC_014_a_stop_waits_for_nothing_that_has_no_room) {
  socket_->drain(now_ms_);
  EXPECT_EQ(next(), "text:" + messages_.front() + " close:1001");
  EXPECT_EQ(news_, News{"closed:1001"});
}

}  // namespace
}  // namespace pelton::http

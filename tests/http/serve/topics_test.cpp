#include "http/serve/topics.hpp"

#include "served.hpp"
#include "tests/http/websocket/client.hpp"

namespace pelton::http {
namespace {

using websocket::told;

class TopicsTest : public testing::Test {
 protected:
  uring::Peer join(std::string_view topic, std::string_view lines = {}) {
    const uring::Peer peer = served_.connect();
    served_.send(peer, websocket::handshake("/socket/hold", lines));
    served_.server.topics().subscribe(served_.seen.sockets.back().handle, topic);
    return peer;
  }
  std::size_t publish(std::string_view topic, std::string_view octets,
                      SlowPolicy policy = SlowPolicy::close) {
    const std::size_t queued =
        served_.server.topics().publish(topic, MessageKind::text, octets, policy);
    served_.run();
    return queued;
  }
  std::string heard(uring::Peer peer) { return told(served_.engine.take_sent(peer)); }

  Served served_;
};

TEST_F(TopicsTest, WS_052_each_subscriber_hears_each_message_once_in_order) {
  const uring::Peer first = join("news");
  const uring::Peer second = join("news");
  const uring::Peer other = join("weather");
  Topics& topics = served_.server.topics();
  topics.subscribe(served_.seen.sockets[0].handle, "news");
  topics.subscribe(served_.seen.sockets[0].handle, "weather");
  EXPECT_EQ(publish("news", "a"), 2u);
  EXPECT_EQ(publish("weather", "b"), 2u);
  EXPECT_EQ(publish("nothing", "c"), 0u);
  EXPECT_EQ(heard(first), "text:a text:b");
  EXPECT_EQ(heard(second), "text:a");
  EXPECT_EQ(heard(other), "text:b");
  topics.unsubscribe(served_.seen.sockets[0].handle, "news");
  topics.unsubscribe(served_.seen.sockets[0].handle, "nothing");
  EXPECT_EQ(publish("news", "d"), 1u);
  EXPECT_EQ(heard(first), "");
}

TEST_F(TopicsTest, WS_061_each_gets_what_it_agreed_to) {
  const uring::Peer plain = join("news");
  const uring::Peer deflates = join("news", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const std::string message(2000, 'a');
  EXPECT_EQ(publish("news", message), 2u);
  EXPECT_EQ(heard(plain), "text:" + message);
  EXPECT_EQ(heard(deflates), "ztext:" + message);
}

TEST_F(TopicsTest, WS_052_one_without_room_is_no_concern_of_the_others) {
  const uring::Peer good = join("news");
  const uring::Peer slow = join("news");
  served_.engine.set_window(slow, 0);
  const std::string message(600'000, 'x');
  EXPECT_EQ(publish("news", message), 2u);
  EXPECT_EQ(publish("news", message, SlowPolicy::drop), 1u);
  EXPECT_EQ(served_.count(Reason::dropped_websocket_message), 1u);
  EXPECT_EQ(publish("news", message, SlowPolicy::close), 1u);
  EXPECT_EQ(served_.seen.sockets[1].news, std::vector<std::string>{"closed:1013 unclean"});
  EXPECT_EQ(publish("news", message), 1u);
  EXPECT_EQ(websocket::frames_in(served_.engine.take_sent(good)).size(), 4u);
  EXPECT_EQ(served_.seen.sockets[0].news, std::vector<std::string>{});
}

TEST_F(TopicsTest, WS_052_what_waits_is_kept_in_order_for_who_has_no_room) {
  const uring::Peer good = join("news");
  const uring::Peer slow = join("news");
  Topics& topics = served_.server.topics();
  const WebSocketHandle handle = served_.seen.sockets[1].handle;
  served_.engine.set_window(slow, 0);
  const std::string message(600'000, 'x');
  for (const char last : std::string_view("abcd")) {
    EXPECT_EQ(publish("news", message + last, SlowPolicy::wait), 2u);
  }
  EXPECT_EQ(served_.seen.sockets[0].news, std::vector<std::string>{});
  EXPECT_EQ(websocket::frames_in(served_.engine.take_sent(good)).size(), 4u);
  // What was published while it listened is its own, also after that.
  topics.unsubscribe(handle, "news");
  EXPECT_EQ(topics.subscriber_count("news"), 1u);
  served_.engine.set_window(slow, 100'000'000);
  served_.run();
  std::string sent = served_.engine.take_sent(slow);
  std::string order;
  for (const websocket::ServerFrame& frame : websocket::frames_in(sent))
    order += frame.payload.back();
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(publish("news", "e", SlowPolicy::wait), 1u);
  EXPECT_EQ(heard(slow), "");
}

TEST_F(TopicsTest, WS_052_what_is_sent_goes_behind_what_is_kept) {
  const uring::Peer slow = join("news");
  WebSocket& socket = *served_.seen.sockets[0].handle.get();
  served_.engine.set_window(slow, 0);
  const std::string message(600'000, 'x');
  publish("news", message + 'a', SlowPolicy::wait);
  publish("news", message + 'b', SlowPolicy::wait);
  EXPECT_EQ(socket.send(MessageKind::text, "c"), SendOutcome::queued_high);
  publish("news", "d", SlowPolicy::wait);
  EXPECT_GT(socket.buffered_bytes(), 1'200'000u);
  served_.engine.set_window(slow, 100'000'000);
  served_.run();
  std::string order;
  for (const auto& frame : websocket::frames_in(served_.engine.take_sent(slow))) {
    order += frame.payload.back();
  }
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(served_.seen.sockets[0].news, std::vector<std::string>{"writable"});
  EXPECT_EQ(socket.buffered_bytes(), 0u);
}

TEST_F(TopicsTest, WS_052_what_is_kept_has_an_end) {
  const uring::Peer slow = join("news");
  served_.engine.set_window(slow, 0);
  const std::string message(4 << 20, 'x');  // the queue takes the first, 64 MiB are kept
  for (int count = 0; count < 16; ++count) {
    EXPECT_EQ(publish("news", message, SlowPolicy::wait), 1u);
  }
  EXPECT_EQ(publish("news", message, SlowPolicy::wait), 0u);
  EXPECT_EQ(served_.seen.sockets[0].news, std::vector<std::string>{"closed:1013 unclean"});
  EXPECT_EQ(served_.count(Reason::cut_websocket_queue), 1u);
}

TEST_F(TopicsTest, those_that_have_ended_are_forgotten) {
  Topics& topics = served_.server.topics();
  const uring::Peer peer = join("news");
  const WebSocketHandle handle = served_.seen.sockets[0].handle;
  // Nobody publishes on it ever again.
  topics.subscribe(handle, "weather");
  EXPECT_EQ(topics.topic_count(), 2u);
  served_.engine.reset(peer);
  served_.run();
  EXPECT_EQ(topics.topic_count(), 0u);
  EXPECT_EQ(publish("news", "a"), 0u);
  topics.subscribe(handle, "news");
  topics.unsubscribe(handle, "news");
  EXPECT_EQ(topics.topic_count(), 0u);
}

}  // namespace
}  // namespace pelton::http

// A WebSocket without a connection: a test queues, delivers and passes time for it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/serve/websocket_connection.hpp"
#include "tests/http/websocket/client.hpp"

namespace pelton::http {

using News = std::vector<std::string>;

class WebSocketConnectionTest : public testing::Test, private WebSocketHost {
 protected:
  ~WebSocketConnectionTest() override {
    if (socket_ != nullptr) sockets_.erase(socket_->place().slot);
    EXPECT_EQ(inflaters_.lent(), 0u);
    output_.release();
    EXPECT_EQ(blocks_.blocks_lent(), 0u);
  }

  WebSocketConnection& open(bool deflates = false) {
    socket_ = &sockets_.emplace(
        WebSocketParts{blocks_, config_, stats_, inflaters_, deflater_},
        static_cast<WebSocketHost&>(*this),
        WebSocketConnection::Terms{.deflate = {.agreed = deflates},
                                   .message_bytes_max = config_.websocket_message_bytes_max},
        WebSocketListener{.call = note, .context = this}, now_ms_);
    handle_ = {sockets_, socket_->place()};
    return *socket_;
  }
  std::size_t receive(std::string octets) {
    const std::size_t read = socket_->receive(octets, now_ms_);
    socket_->settle(now_ms_);
    return read;
  }
  // What was queued since, and is with the kernel now.
  std::string sent() {
    const std::string line = websocket::told(output_.view());
    output_.release();
    socket_->begin_sending();
    socket_->sent(now_ms_);
    return line;
  }
  std::string answer_pings(int from, int to) {
    std::string octets;
    for (int index = from; index < to; ++index) {
      octets += websocket::frame({.opcode = 9, .payload = std::to_string(index)});
    }
    receive(octets);
    const std::string line = websocket::told(output_.view());
    output_.release();
    return line;
  }
  // Passes time as the wheel would, and says how many milliseconds it took until something came of
  // it; at most `at_most_ms`.
  std::uint64_t wait(std::uint64_t at_most_ms) {
    for (std::uint64_t passed = 0; passed < at_most_ms; ++passed, ++now_ms_) {
      socket_->inspect(now_ms_);
      socket_->settle(now_ms_);
      if (!output_.empty() || socket_->over()) return passed;
    }
    return at_most_ms;
  }
  static void note(void* context, WebSocket&, const WebSocketNews& news) {
    auto& test = *static_cast<WebSocketConnectionTest*>(context);
    const std::string octets(news.octets);
    switch (news.event) {
      case WebSocketEvent::text:
        test.news_.push_back("text:" + octets);
        break;
      case WebSocketEvent::binary:
        test.news_.push_back("binary:" + octets);
        break;
      case WebSocketEvent::pong:
        test.news_.push_back("pong:" + octets);
        break;
      case WebSocketEvent::writable:
        test.news_.push_back("writable");
        break;
      case WebSocketEvent::closed:
        test.news_.push_back("closed:" + std::to_string(news.code) + octets +
                             (news.clean ? "" : " unclean"));
        EXPECT_EQ(test.handle_.get(), nullptr);
    }
    if (test.holds_) test.socket_->set_undelivered(++test.held_, 0);
    if (test.closes_) test.socket_->close(4000, "enough");
  }

  ServerConfig config_;
  Stats stats_;
  BlockPool blocks_;
  websocket::InflaterPool inflaters_;
  websocket::Deflater deflater_;
  Output output_{blocks_};
  Slab<WebSocketConnection> sockets_{4};
  WebSocketConnection* socket_ = nullptr;
  WebSocketHandle handle_;
  News news_;
  std::uint64_t now_ms_ = 1000;
  bool holds_ = false;
  bool closes_ = false;
  std::size_t held_ = 0;

 private:
  Output& websocket_output() override { return output_; }
  std::size_t websocket_queued_bytes() const override { return output_.size(); }
  void websocket_changed() override {}
};

}  // namespace pelton::http

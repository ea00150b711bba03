// What a stop does with connections that wait in the queue of a listener that other processes have
// too, when the kernel has woken nobody but the accept that is called off.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "served_on.hpp"
#include "uring/sockets/listener.hpp"

namespace pelton::http {
namespace {

const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// The memory engine behind a listener of the kernel's, in whose queue each connection of the memory
// waits too. The first accept hears of none of them: it ends only when it is called off.
class SleepyEngine final : public uring::MemoryEngine {
 public:
  ~SleepyEngine() override {
    for (const int client : clients_) ::close(client);
  }

  uring::Descriptor listen() {
    inner_ = MemoryEngine::listen();
    return outer_.descriptor();
  }
  void accept(uring::Token token, uring::Descriptor) override {
    ++accepts_;
    MemoryEngine::accept(token, inner_);
  }
  void accept_one(uring::Token token, uring::Descriptor) override {
    ++accepts_;
    MemoryEngine::accept_one(token, inner_);
  }
  uring::Peer connect(uring::Descriptor) {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(outer_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    clients_.push_back(client);
    ++waiting_;
    return MemoryEngine::connect(inner_);
  }
  std::size_t accepts() const { return accepts_; }

 private:
  Fate fate(const Occasion& occasion) override {
    Fate fate;
    fate.waits = occasion.operation == uring::Operation::accept && !called_off_;
    return fate;
  }
  // A later accept has found what waits by the time it is called off.
  std::int32_t cancel_now(uring::Token target) override {
    if (target.operation() == uring::Operation::accept) {
      if (std::exchange(called_off_, true) && waiting_ != 0) return -EALREADY;
    }
    return MemoryEngine::cancel_now(target);
  }
  void post(const uring::Completion& completion) override {
    if (completion.token.operation() == uring::Operation::accept && completion.result >= 0) {
      ::close(::accept(outer_.descriptor(), nullptr, nullptr));
      --waiting_;
    }
    MemoryEngine::post(completion);
  }

  uring::Listener outer_ = *uring::Listener::tcp("127.0.0.1", 0, 16, uring::PortSharing::none);
  uring::Descriptor inner_ = -1;
  std::vector<int> clients_;
  std::size_t accepts_ = 0;
  std::size_t waiting_ = 0;  // in both queues
  bool called_off_ = false;
};

class CalledOffAccept : public ServedOn<SleepyEngine> {};

TEST_F(CalledOffAccept, PRC_020_PRC_023_takes_what_still_waits_in_the_queue) {
  std::vector<uring::Peer> peers;
  for (int count = 0; count < 3; ++count) {
    peers.push_back(connect());
    EXPECT_EQ(send(peers.back(), hello_request), "");
  }
  EXPECT_EQ(engine_.accepts(), 1u);
  server_.stop();
  run();
  for (const uring::Peer peer : peers) {
    const std::string answer = engine_.take_sent(peer);
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  }
  EXPECT_EQ(engine_.accepts(), 4u);
}

TEST_F(CalledOffAccept, is_the_last_one_if_nothing_waits) {
  server_.stop();
  run();
  EXPECT_EQ(engine_.accepts(), 1u);
  EXPECT_TRUE(server_.finished());
}

}  // namespace
}  // namespace pelton::http

// What a server does when its engine cannot be trusted any more.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "served_on.hpp"

namespace pelton::http {
namespace {

using uring::Trouble;

const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// The memory engine, with accepts and troubles of the test's choice.
class TroubledEngine final : public uring::MemoryEngine {
 public:
  using Engine::tell;

  void accept(uring::Token token, uring::Descriptor listener) override {
    accepts_singly_ = false;
    MemoryEngine::accept(token, listener);
  }
  void accept_one(uring::Token token, uring::Descriptor listener) override {
    accepts_singly_ = true;
    MemoryEngine::accept_one(token, listener);
  }
  bool accepts_singly() const { return accepts_singly_; }
  // The next accept, or one behind it, completes with this instead, or with a number in use.
  void misguide_accept(int error, int skipped = 0) {
    error_ = error;
    skipped_ = skipped;
  }
  void repeat_descriptor() { repeats_ = true; }
  // What sends complete with is lost, until it is found again.
  void lose_sends() { loses_ = true; }
  void find_sends() {
    loses_ = false;
    for (const uring::Completion& completion : lost_) MemoryEngine::post(completion);
  }

 private:
  Fate fate(const Occasion& occasion) override {
    Fate fate;
    if (occasion.operation != uring::Operation::accept || error_ == 0) return fate;
    if (skipped_-- == 0) fate.error = std::exchange(error_, 0);
    return fate;
  }
  void post(const uring::Completion& completion) override {
    uring::Completion told = completion;
    if (told.token.operation() == uring::Operation::accept && told.result >= 0) {
      if (std::exchange(repeats_, false)) {
        told.result = last_;
      } else {
        last_ = told.result;
      }
    }
    if (loses_ && told.token.operation() == uring::Operation::send) {
      lost_.push_back(told);
    } else {
      MemoryEngine::post(told);
    }
  }

  bool accepts_singly_ = false;
  int error_ = 0;
  int skipped_ = 0;
  bool repeats_ = false;
  bool loses_ = false;
  std::vector<uring::Completion> lost_;
  uring::Descriptor last_ = -1;
};

class TroubleTest : public ServedOn<TroubledEngine> {};

TEST_F(TroubleTest, ENG_034_nothing_is_begun_while_the_engine_starves) {
  const uring::Peer known = connect();
  engine_.tell(Trouble::starved, ENOMEM);
  run();
  const uring::Peer waiting = engine_.connect(listener_);
  EXPECT_EQ(send(waiting, hello_request), "");
  EXPECT_EQ(status_of(send(known, hello_request)), 200);
  EXPECT_EQ(server_.connections_live(), 1u);
  engine_.tell(Trouble::none, 0);
  run();
  EXPECT_EQ(status_of(engine_.take_sent(waiting)), 200);
  EXPECT_FALSE(server_.retired());
}

TEST_F(TroubleTest, ENG_032_ENG_036_a_failing_engine_ends_the_server_in_order) {
  const uring::Peer peer = connect();
  engine_.deliver(peer, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  run();
  engine_.tell(Trouble::unusable, EINVAL);
  engine_.tell(Trouble::broken, EBADR);
  run();
  EXPECT_TRUE(server_.retired());
  EXPECT_FALSE(server_.finished());
  // What has begun is finished.
  EXPECT_EQ(body_of(send(peer, "llo")), "hello");
  engine_.hang_up(peer);
  run();
  EXPECT_TRUE(server_.finished());
  EXPECT_FALSE(server_.overdue());
}

TEST_F(TroubleTest, ENG_032_what_never_ends_is_overdue_behind_the_deadline) {
  const uring::Peer peer = connect();
  engine_.lose_sends();
  send(peer, hello_request);
  engine_.tell(Trouble::broken, EBADR);
  run();
  EXPECT_TRUE(server_.retired());
  pass_ms(drain_timeout_ms(config_));
  EXPECT_FALSE(server_.finished());
  EXPECT_FALSE(server_.overdue());
  pass_ms(1000);
  EXPECT_TRUE(server_.overdue());
  engine_.find_sends();
  run();
  EXPECT_TRUE(server_.finished());
  EXPECT_FALSE(server_.overdue());
}

TEST_F(TroubleTest, ENG_030_an_odd_accept_is_passed_over_and_single_ones_follow) {
  for (const int error : {ENOTSOCK, EINVAL, EBADF, EOPNOTSUPP}) {
    engine_.misguide_accept(error);
    const uring::Peer peer = connect();
    // Not at once: that would be for ever.
    EXPECT_EQ(server_.connections_live(), 0u);
    pass_ms(100);
    EXPECT_TRUE(engine_.accepts_singly());
    EXPECT_EQ(status_of(send(peer, hello_request)), 200) << error;
    engine_.hang_up(peer);
    run();
  }
  EXPECT_EQ(stats_.of(Reason::fallback_accept_single), 4u);
  EXPECT_FALSE(server_.retired());
}

TEST_F(TroubleTest, ENG_030_two_odd_accepts_in_a_row_end_the_server) {
  engine_.misguide_accept(EINVAL);
  connect();
  engine_.misguide_accept(EINVAL);
  pass_ms(100);
  EXPECT_TRUE(server_.retired());
}

TEST_F(TroubleTest, ENG_030_a_number_in_use_is_nobodys_new_connection) {
  const uring::Peer first = connect();
  EXPECT_EQ(status_of(send(first, hello_request)), 200);
  engine_.repeat_descriptor();
  connect();
  EXPECT_EQ(server_.connections_live(), 1u);
  EXPECT_TRUE(engine_.accepts_singly());
  EXPECT_EQ(status_of(send(first, hello_request)), 200);
}

TEST_F(TroubleTest, ENG_029_a_peer_that_left_before_it_was_accepted_is_no_trouble) {
  for (const int error : {ECONNABORTED, EPROTO, EPERM, ENETDOWN}) {
    engine_.misguide_accept(error);
    const uring::Peer peer = connect();
    EXPECT_EQ(status_of(send(peer, hello_request)), 200) << error;
  }
  EXPECT_EQ(stats_.of(Reason::lost_accept), 4u);
  EXPECT_FALSE(engine_.accepts_singly());
}

TEST_F(TroubleTest, ENG_028_a_stop_does_not_wait_for_a_pause_that_nobody_ends) {
  engine_.misguide_accept(EMFILE);
  connect();
  server_.stop();
  run();
  pass_ms(1000);
  // A deadline that has passed and stays is a loop that never rests.
  EXPECT_TRUE(server_.finished() || server_.next_deadline_ns() > clock_.now_ns());
}

class CrowdedTest : public ServedOn<TroubledEngine> {
 protected:
  static ServerConfig config() {
    ServerConfig config;
    config.connections_max = 1;
    return config;
  }
  CrowdedTest() : ServedOn(config()) {}
};

TEST_F(CrowdedTest, ENG_028_PRC_042_a_pause_ends_also_while_others_wait_for_room) {
  // One more than there is room for, and no descriptor for the next: all of one turn.
  engine_.connect(listener_);
  const uring::Peer waiting = engine_.connect(listener_);
  engine_.connect(listener_);
  engine_.misguide_accept(EMFILE, 2);
  run();
  EXPECT_EQ(stats_.of(Reason::shed_connections), 1u);
  EXPECT_EQ(stats_.of(Reason::shed_accept), 1u);
  pass_ms(200);
  EXPECT_EQ(engine_.take_sent(waiting), "");
  EXPECT_GT(server_.next_deadline_ns(), clock_.now_ns());
}

}  // namespace
}  // namespace pelton::http

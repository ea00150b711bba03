#include "http/serve/exchange.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pelton::http {
namespace {

class LooseHost final : public ExchangeHost {
 public:
  const Endpoints& endpoints() override { return ends_; }
  ExchangeHandle suspend(const Exchange&, const ExchangeListener&) override {
    ++kept;
    return {};
  }
  ExchangeHandle hand_over(const ExchangeListener&) override { return {}; }
  Shared& shared() override {
    CHECK(!"an exchange that is answered in one call needs no server");
    return *server_;
  }

  std::size_t kept = 0;

 private:
  Endpoints ends_;
  Shared* server_ = nullptr;
};

class LooseKeeper final : public SuspendedHost {
 public:
  void end(Outcome outcome, std::span<const FieldView>) override { ended.push_back(outcome); }
  void forsake() override {}
  std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire, void*) override {
    return nullptr;
  }
  HeadFault hint(std::span<const std::string_view>) override { return HeadFault::none; }
  HeadFault begin_stream(const ResponseHead&) override { return HeadFault::none; }
  std::size_t write(std::string_view piece) override { return piece.size(); }
  bool is_backed_up() override { return false; }
  bool wants_more() const override { return false; }
  bool passes_files() override { return true; }
  std::int64_t write_file(int, std::uint64_t, std::size_t) override { return 0; }
  void await_turn() override {}
  void note_truncated() override {}
  std::string_view take_body(std::size_t /*bytes_max*/) override { return {}; }
  bool body_ended() const override { return true; }
  Reason body_fault() const override { return Reason::none; }
  WebSocketAccepted accept_websocket(const WebSocketAccept&, const WebSocketListener&) override {
    return {};
  }

  std::vector<Outcome> ended;
};

class ExchangeTest : public testing::Test {
 protected:
  Exchange exchange() {
    return Exchange({.request = head_,
                     .body = "body",
                     .match = match_,
                     .host = host_,
                     .sink = {writer_, output_, Persistence::keep}});
  }

  RequestHead head_;
  Match match_;
  LooseHost host_;
  Stats stats_;
  BlockPool pool_;
  h1::ResponseBlocks blocks_;
  h1::ResponseWriter writer_{blocks_, stats_};
  Output output_{pool_};
  const ContentType type_{"a/b"};
};

TEST_F(ExchangeTest, answers_in_one_call_or_in_steps_with_the_same_octets) {
  Exchange whole = exchange();
  EXPECT_EQ(whole.body(), "body");
  EXPECT_EQ(whole.respond({.content_type = &type_}, "hello"), HeadFault::none);
  EXPECT_TRUE(whole.responded());
  const std::string expected(output_.view());
  output_.truncate(0);
  Exchange steps = exchange();
  EXPECT_EQ(steps.begin({.content_type = &type_}), HeadFault::none);
  steps.body_output().append("hel");
  steps.body_output().append("lo");
  EXPECT_FALSE(steps.responded());
  EXPECT_EQ(steps.finish(), HeadFault::none);
  EXPECT_EQ(output_.view(), expected);
}

TEST_F(ExchangeTest, after_a_fault_or_an_abandoned_attempt_another_may_follow) {
  Exchange tried = exchange();
  EXPECT_EQ(tried.respond({.status = 99}, ""), HeadFault::status);
  EXPECT_EQ(tried.begin({}), HeadFault::none);
  tried.body_output().append("half");
  tried.abandon();
  EXPECT_TRUE(output_.empty());
  EXPECT_FALSE(tried.responded());
  EXPECT_EQ(tried.respond({}, "whole"), HeadFault::none);
  EXPECT_TRUE(output_.view().ends_with("\r\n\r\nwhole"));
}

TEST_F(ExchangeTest, the_host_keeps_what_is_suspended_and_its_keeper_hears_of_its_end) {
  Exchange live = exchange();
  EXPECT_FALSE(live.suspended());
  live.suspend({});
  EXPECT_TRUE(live.suspended());
  EXPECT_EQ(host_.kept, 1u);
  const RequestHead head;
  LooseKeeper keeper;
  Exchange kept(exchange(), keeper, head, "kept", match_);
  EXPECT_EQ(kept.body(), "kept");
  kept.end(Outcome::failed);
  EXPECT_EQ(keeper.ended, std::vector{Outcome::failed});
}

}  // namespace
}  // namespace pelton::http

#include "http/serve/own_answer.hpp"

#include "http/serve/shared.hpp"
#include "tests/http/serve/served.hpp"

namespace pelton::http {
namespace {

// What HTTP/1.1 and HTTP/2 send of these, their own tests show.
class OwnAnswers : public testing::Test {
 protected:
  OwnAnswers()
      : routes_(serve_test_routes(seen_)),
        shared_({.engine = engine_,
                 .clock = clock_,
                 .routes = routes_,
                 .config = config_,
                 .stats = stats_}) {}

  static std::string field(const OwnAnswer& answer, std::string_view name) {
    std::array<FieldView, OwnAnswer::fields_max> room;
    for (const FieldView& one : answer.head(room).fields) {
      if (one.name == name) return std::string(one.value);
    }
    return "none";
  }

  Seen seen_;
  Stats stats_;
  VirtualClock clock_;
  const ServerConfig config_;
  uring::MemoryEngine engine_;
  const RouteTable routes_;
  Shared shared_;
};

TEST_F(OwnAnswers, each_has_its_status_its_reason_and_its_fields) {
  const OwnAnswer refused = answer_refused(shared_, Reason::refused_body_too_large);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(field(refused, "Cache-Control"), "no-store");
  EXPECT_NE(refused.text.find("body_too_large"), refused.text.npos);

  const OwnAnswer shed = answer_shed(shared_, Reason::shed_memory);
  EXPECT_EQ(shed.status, 503);
  EXPECT_EQ(field(shed, "Retry-After"), "1");
  EXPECT_EQ(field(shed, "Cache-Control"), "no-store");

  const RouteSettings route;
  const OwnAnswer unfit = answer_unfit(shared_, route, Reason::answered_content_encoding);
  EXPECT_EQ(unfit.status, 415);
  EXPECT_EQ(field(unfit, "Accept-Encoding"), "identity");

  EXPECT_EQ(answer_failed(shared_, nullptr, 504, Reason::fault_request_timeout).status, 504);
}

TEST_F(OwnAnswers, what_no_route_answers) {
  const OwnAnswer missing = answer_unmatched(shared_, {.outcome = MatchOutcome::not_found});
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.reason, Reason::answered_not_found);
  EXPECT_EQ(field(missing, "Allow"), "none");

  const OwnAnswer other = answer_unmatched(
      shared_, {.outcome = MatchOutcome::method_not_allowed, .allow = "GET, HEAD"});
  EXPECT_EQ(other.status, 405);
  EXPECT_EQ(field(other, "Allow"), "GET, HEAD");

  const OwnAnswer moved =
      answer_unmatched(shared_, {.outcome = MatchOutcome::redirect, .location = "/a/"});
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(moved.reason, Reason::none);
  EXPECT_EQ(field(moved, "Location"), "/a/");
  EXPECT_TRUE(moved.text.empty());
  EXPECT_EQ(reason_of(MatchOutcome::found), Reason::none);
  EXPECT_EQ(handler_of_unmatched(shared_, {.outcome = MatchOutcome::not_found}), nullptr);
}

}  // namespace
}  // namespace pelton::http

#include "uring/choice.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "core/monotonic.hpp"
#include "tests/uring/ring/filtered.hpp"

namespace pelton::uring {
namespace {

std::string outcome(EngineRequest request) {
  Stats stats;
  const std::uint64_t begin_ns = monotonic_ns();
  auto choice = choose_engine(request, {}, stats);
  if (monotonic_ns() - begin_ns > 1'000'000'000) return "too late";
  if (!choice) return "refused: " + choice.error().cause + " / " + choice.error().remedy;
  std::string text = choice->engine->kind() == EngineKind::ring ? "ring" : "epoll";
  return text + ' ' + std::to_string(stats.of(Reason::fallback_engine_epoll)) + ": " +
         choice->reason;
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(':'));
}

TEST(Choice, words_of_flag_and_environment) {
  EXPECT_EQ(engine_request("auto"), EngineRequest::automatic);
  EXPECT_EQ(engine_request("uring"), EngineRequest::uring);
  EXPECT_EQ(engine_request("epoll"), EngineRequest::epoll);
  EXPECT_EQ(engine_request("Auto"), std::nullopt);
  EXPECT_EQ(engine_request(""), std::nullopt);
}

TEST(Choice, automatic_prefers_the_ring_and_says_how_it_is_set_up) {
  const std::string text = outcome(EngineRequest::automatic);
  if (first_word(text) == "epoll 1") GTEST_SKIP() << "no io_uring here: " << text;
  EXPECT_EQ(text.rfind("ring 0: every operation tried works; set up with ", 0), 0u) << text;
}

TEST(Choice, epoll_as_asked_for_counts_no_fallback) {
  EXPECT_EQ(outcome(EngineRequest::epoll), "epoll 0: as asked for");
}

TEST(Choice, ENG_001_epoll_makes_no_call_that_a_filter_kills_for) {
  const FilteredResult result = run_filtered(FilteredCalls::all, SECCOMP_RET_KILL_PROCESS,
                                             [] { return outcome(EngineRequest::epoll); });
  EXPECT_TRUE(result.exited);
  EXPECT_EQ(result.text, "epoll 0: as asked for");
}

class RefusedCall : public ::testing::TestWithParam<std::tuple<FilteredCalls, int>> {};

TEST_P(RefusedCall, ENG_003_automatic_serves_on_epoll_and_says_why) {
  const auto [calls, error] = GetParam();
  const std::string text =
      run_refused(calls, error, [] { return outcome(EngineRequest::automatic); });
  EXPECT_EQ(first_word(text), "epoll 1");
  EXPECT_NE(text.find(std::strerror(error)), std::string::npos) << text;
  EXPECT_NE(text.find("; to use io_uring, "), std::string::npos) << text;
}

TEST_P(RefusedCall, ENG_001_forced_ring_is_an_error_with_cause_and_remedy) {
  const auto [calls, error] = GetParam();
  const std::string text = run_refused(calls, error, [] { return outcome(EngineRequest::uring); });
  EXPECT_EQ(first_word(text), "refused");
  EXPECT_NE(text.find(std::strerror(error)), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Choice, RefusedCall,
    ::testing::Combine(::testing::Values(FilteredCalls::set_up, FilteredCalls::enter,
                                         FilteredCalls::registration),
                       ::testing::Values(EPERM, ENOSYS, ENOMEM, EINVAL, EOPNOTSUPP, EMFILE)));

}  // namespace
}  // namespace pelton::uring

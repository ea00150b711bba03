#include "http/serve/admin_routes.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace pelton::http {
namespace {

constexpr std::uint64_t silence_ms_max = 5000;

struct ServingCore : CoreState {
  ServingCore() {
    process_id = static_cast<std::uint64_t>(::getpid());
    enter(Phase::serving);
    turned(10'000);
  }
};

TEST(AdminRoutes, one_core_that_turns_its_loop_is_enough_to_be_ready) {
  CoreState absent;
  ServingCore serving;
  const AdminRoutes routes({&absent, &serving}, silence_ms_max);
  EXPECT_TRUE(routes.is_ready(10'000));
  EXPECT_TRUE(routes.is_ready(10'000 + silence_ms_max - 1));
  EXPECT_FALSE(routes.is_ready(10'000 + silence_ms_max));
  serving.enter(Phase::ended);
  EXPECT_FALSE(routes.is_ready(10'000));
}

TEST(AdminRoutes, a_core_whose_stop_has_begun_is_not_ready) {
  ServingCore core;
  const AdminRoutes routes({&core}, silence_ms_max);
  core.stop_begun = 1;
  EXPECT_FALSE(routes.is_ready(10'000));
  EXPECT_NE(routes.workers_json(10'000).find(R"("state":"stopping")"), std::string::npos);
}

TEST(AdminRoutes, places_without_a_process_are_left_out) {
  CoreState empty;
  ServingCore second;
  second.slot = 1;
  Gauges gauges{};
  in(gauges, Gauge::connections_idle) = 2;
  in(gauges, Gauge::connections_writing) = 1;
  in(gauges, Gauge::exchanges_running) = 4;
  in(gauges, Gauge::requests) = 70;
  second.generation = 3;
  second.restarts = 5;
  in(gauges, Gauge::engine) = 2;
  in(gauges, Gauge::loop_lag_us) = 25'999;
  second.show(gauges);
  const AdminRoutes routes({&empty, &second}, silence_ms_max);
  const std::string json = routes.workers_json(10'500);
  EXPECT_EQ(
      json.find(
          R"([{"worker":1,"pid":)" + std::to_string(::getpid()) +
          R"(,"state":"serving","generation":3,"restarts":5,"engine":"uring","connections":3,)"
          R"("requests":70,"requests_running":4,"loop_lag_ms":25,"rss_bytes":)"),
      0u)
      << json;
  EXPECT_EQ(json.find(R"("rss_bytes":0)"), std::string::npos) << json;
  EXPECT_EQ(AdminRoutes({&empty}, silence_ms_max).workers_json(0), "[]");
}

TEST(AdminRoutes, the_lag_of_a_stuck_core_is_its_silence) {
  ServingCore core;
  const AdminRoutes routes({&core}, silence_ms_max);
  const auto lag = [&](std::uint64_t now_ms) {
    const std::string json = routes.workers_json(now_ms);
    const std::size_t at = json.find("loop_lag_ms\":") + 13;
    return std::stoull(json.substr(at));
  };
  EXPECT_EQ(lag(11'000), 0u);  // a loop may rest for a second
  EXPECT_EQ(lag(11'001), 1001u);
  EXPECT_EQ(lag(99'000), 89'000u);
}

TEST(AdminRoutes, the_engine_is_null_until_a_core_has_shown_it) {
  ServingCore core;
  core.enter(Phase::absent);
  const AdminRoutes routes({&core}, silence_ms_max);
  const std::string json = routes.workers_json(0);
  EXPECT_NE(json.find(R"("state":"starting")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("engine":null)"), std::string::npos) << json;
}

}  // namespace
}  // namespace pelton::http

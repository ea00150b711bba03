#include "http/serve/sessions/h1_timer.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

using Wait = H1Timer::Wait;

TEST(H1Timer, nothing_is_overdue_that_nobody_waits_for) {
  H1Timer timer;
  EXPECT_EQ(timer.deadline_ms(), TimerWheel::no_deadline_ms);
  timer.wait_for(Wait::header, 100);
  EXPECT_TRUE(timer.waits_for(Wait::header));
  EXPECT_EQ(timer.deadline_ms(), 100u);
  EXPECT_FALSE(timer.is_overdue(99));
  EXPECT_TRUE(timer.is_overdue(100));
  timer.put_off(120);
  EXPECT_FALSE(timer.is_overdue(100));
  timer.stop();
  EXPECT_FALSE(timer.is_overdue(1000));
  EXPECT_EQ(timer.deadline_ms(), TimerWheel::no_deadline_ms);
}

TEST(H1Timer, CON_004_a_client_earns_time_by_octets_and_keeps_it_while_reading_is_paused) {
  ServerConfig config;
  config.body_rate_bytes_per_second_min = 1000;
  config.rate_credit_ms_max = 5000;
  H1Timer timer;
  timer.wait_for(Wait::body, 1000);
  timer.earn(500, config, 100);
  EXPECT_EQ(timer.until_ms(), 1500u);
  timer.earn(1'000'000, config, 100);
  EXPECT_EQ(timer.until_ms(), 5100u);  // no more in advance
  timer.stop();
  EXPECT_EQ(timer.credit_ms(2100), 3000u);
  EXPECT_EQ(timer.credit_ms(6000), 0u);
}

}  // namespace
}  // namespace pelton::http

#include "http/serve/gauge_share.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(GaugeShare, a_connection_counts_once_and_takes_its_share_with_it) {
  Gauges gauges{};
  GaugeShare one;
  GaugeShare other;
  one.add_to(gauges);
  other.add_to(gauges);
  EXPECT_EQ(in(gauges, Gauge::connections_idle), 2u);
  one.replace(gauges,
              {.phase = Gauge::connections_writing, .queued = true, .running = true, .bytes = 100});
  other.replace(gauges, {.phase = Gauge::connections_writing, .running = true, .bytes = 10});
  EXPECT_EQ(in(gauges, Gauge::connections_idle), 0u);
  EXPECT_EQ(in(gauges, Gauge::connections_writing), 2u);
  EXPECT_EQ(in(gauges, Gauge::exchanges_queued), 1u);
  EXPECT_EQ(in(gauges, Gauge::exchanges_running), 2u);
  EXPECT_EQ(in(gauges, Gauge::send_queue_bytes), 110u);
  one.replace(gauges, {});
  EXPECT_EQ(in(gauges, Gauge::connections_idle), 1u);
  EXPECT_EQ(in(gauges, Gauge::send_queue_bytes), 10u);
  one.take_from(gauges);
  other.take_from(gauges);
  EXPECT_EQ(gauges, Gauges{});
}

}  // namespace
}  // namespace pelton::http

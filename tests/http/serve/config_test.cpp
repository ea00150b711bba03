#include "http/serve/config.hpp"

#include <gtest/gtest.h>

#include <set>

#include "uring/engine.hpp"

namespace pelton::http {
namespace {

TEST(ServerConfig, GEN_002_every_key_has_one_name_and_a_default_within_its_bounds) {
  std::set<std::string_view> names;
  const ServerConfig config;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    const std::uint64_t value = config.*key.member;
    EXPECT_TRUE((value >= key.min && value <= key.max) ||
                (key.may_be_unlimited && value == no_limit))
        << key.name;
    EXPECT_EQ(config_key(key.name), &key);
  }
  // A member without a row would be a setting nobody can set.
  EXPECT_EQ(names.size() * sizeof(std::uint64_t), sizeof(ServerConfig));
  EXPECT_EQ(config_key("no_such_key"), nullptr);
}

TEST(ServerConfig, LIM_210_every_key_is_judged_at_its_edges) {
  for (const ConfigKey& key : config_keys()) {
    ServerConfig config;
    if (key.min > 0) {
      config.*key.member = key.min - 1;
      ASSERT_TRUE(problem_in(config)) << key.name;
      EXPECT_EQ(problem_in(config)->key, key.name);
    }
    config.*key.member = key.max + 1;
    ASSERT_TRUE(problem_in(config)) << key.name;
    EXPECT_EQ(problem_in(config)->key, key.name);
    config.*key.member = no_limit;
    EXPECT_EQ(!problem_in(config), key.may_be_unlimited) << key.name;
  }
}

void expect_relation(ServerConfig config, std::string_view key, std::string_view other) {
  const auto problem = problem_in(config);
  ASSERT_TRUE(problem) << key;
  EXPECT_EQ(problem->key, key);
  EXPECT_EQ(problem->other, other);
}

TEST(ServerConfig, LIM_200_a_line_fits_its_section) {
  ServerConfig config;
  config.header_line_bytes_max = config.header_section_bytes_max;
  EXPECT_FALSE(problem_in(config));
  ++config.header_line_bytes_max;
  expect_relation(config, "header_line_bytes_max", "header_section_bytes_max");
}

TEST(ServerConfig, LIM_200_a_whole_head_fits_what_is_read_ahead) {
  ServerConfig config;
  config.pipeline_bytes_max = config.request_line_bytes_max + config.header_section_bytes_max + 4;
  EXPECT_FALSE(problem_in(config));
  --config.pipeline_bytes_max;
  expect_relation(config, "header_section_bytes_max", "pipeline_bytes_max");
}

TEST(ServerConfig, LIM_205_one_connection_gets_an_eighth_of_the_receive_buffers) {
  const uring::EngineOptions engine;
  ServerConfig config;
  config.receive_credit_bytes = engine.receive_buffer_count * engine.receive_buffer_bytes / 8;
  EXPECT_FALSE(problem_in(config));
  ++config.receive_credit_bytes;
  EXPECT_EQ(problem_in(config)->key, "receive_credit_bytes");
}

TEST(ServerConfig, LIM_201_the_low_mark_is_below_the_high_one) {
  ServerConfig config;
  config.send_queue_bytes_low = config.send_queue_bytes_high - 1;
  EXPECT_FALSE(problem_in(config));
  ++config.send_queue_bytes_low;
  expect_relation(config, "send_queue_bytes_low", "send_queue_bytes_high");

  config = {};
  config.connection_queue_bytes_max = config.send_queue_bytes_high;
  EXPECT_FALSE(problem_in(config).has_value());
  config.connection_queue_bytes_max -= 1;
  expect_relation(config, "send_queue_bytes_high", "connection_queue_bytes_max");
  config = {.buffered_bytes_high = 100, .buffered_bytes_low = 99};
  EXPECT_FALSE(problem_in(config));
  ++config.buffered_bytes_low;
  expect_relation(config, "buffered_bytes_low", "buffered_bytes_high");
  config.buffered_bytes_high = no_limit;
  EXPECT_FALSE(problem_in(config));
}

TEST(ServerConfig, LIM_202_grace_within_credit_and_idle_within_linger) {
  ServerConfig config;
  config.rate_grace_ms = config.rate_credit_ms_max + 1;
  expect_relation(config, "rate_grace_ms", "rate_credit_ms_max");
  config = {};
  config.linger_idle_ms = config.linger_timeout_ms + 1;
  expect_relation(config, "linger_idle_ms", "linger_timeout_ms");
}

TEST(ServerConfig, LIM_203_a_field_fits_the_memory_and_that_fits_the_body) {
  ServerConfig config;
  config.multipart_field_bytes_max = config.multipart_memory_bytes_max;
  EXPECT_FALSE(problem_in(config));
  ++config.multipart_field_bytes_max;
  expect_relation(config, "multipart_field_bytes_max", "multipart_memory_bytes_max");
  config = {};
  config.multipart_bytes_max = config.multipart_memory_bytes_max;
  EXPECT_FALSE(problem_in(config));
  --config.multipart_bytes_max;
  expect_relation(config, "multipart_memory_bytes_max", "multipart_bytes_max");
  config = {};
  config.multipart_files_max = config.multipart_parts_max;
  EXPECT_FALSE(problem_in(config));
  ++config.multipart_files_max;
  expect_relation(config, "multipart_files_max", "multipart_parts_max");
}

TEST(ServerConfig, LIM_204_a_request_may_arrive_within_the_grace_of_a_stop) {
  ServerConfig config;
  config.graceful_timeout_ms = config.header_timeout_ms;
  expect_relation(config, "header_timeout_ms", "graceful_timeout_ms");
}

TEST(ServerConfig, LIM_204_the_grace_holds_the_end_of_sockets_and_of_the_application) {
  ServerConfig config;
  config.lifespan_shutdown_timeout_ms =
      config.graceful_timeout_ms - config.websocket_close_timeout_ms - 1;
  EXPECT_FALSE(problem_in(config));
  ++config.lifespan_shutdown_timeout_ms;
  expect_relation(config, "lifespan_shutdown_timeout_ms", "graceful_timeout_ms");
}

TEST(ServerConfig, LIM_204_a_stop_outlasts_its_delay_and_stacks_come_before_the_kill) {
  ServerConfig config;
  config.drain_delay_ms = config.graceful_timeout_ms - config.lifespan_shutdown_timeout_ms - 1;
  config.watchdog_dump_ms = config.watchdog_kill_ms - 1;
  EXPECT_FALSE(problem_in(config));
  ++config.watchdog_dump_ms;
  EXPECT_EQ(problem_in(config)->key, "watchdog_dump_ms");
  EXPECT_EQ(problem_in(config)->other, "watchdog_kill_ms");
  ++config.drain_delay_ms;
  EXPECT_EQ(problem_in(config)->key, "drain_delay_ms");
  EXPECT_EQ(problem_in(config)->other, "graceful_timeout_ms");
}

TEST(ServerConfig, LIM_030_connections_leave_descriptors_for_the_rest) {
  EXPECT_EQ(default_connections_max(20'000), 19'744u);
  EXPECT_EQ(default_connections_max(513), 257u);
  EXPECT_EQ(default_connections_max(512), 256u);
  EXPECT_EQ(default_connections_max(511), 255u);
  EXPECT_EQ(default_connections_max(256), 128u);
  EXPECT_EQ(default_connections_max(0), 1u);
  EXPECT_FALSE(problem_in({.connections_max = default_connections_max(~std::uint64_t{0})}));
}

}  // namespace
}  // namespace pelton::http

#include "http/serve/config.hpp"

#include <algorithm>
#include <array>

#include "http/forms/form_type.hpp"
#include "uring/engine.hpp"

namespace pelton::http {
namespace {

using C = ServerConfig;

constexpr std::uint64_t bytes_max = std::uint64_t{1} << 31;
constexpr std::uint64_t body_max = (std::uint64_t{1} << 63) - 1;
constexpr std::uint64_t time_ms_max = 365ull * 24 * 3600 * 1000;
constexpr std::uint64_t count_max = 1 << 24;
constexpr std::uint64_t window_bytes_max = (std::uint64_t{1} << 31) - 1;  // RFC 9113 section 6.9.1
// One eighth of the queue is the error log's; it must hold the longest record.
constexpr std::uint64_t log_queue_bytes_min = 256 * 1024;

// The receive buffers that the connections of one core share.
constexpr std::uint64_t receive_ring_bytes =
    std::uint64_t{uring::EngineOptions{}.receive_buffer_count} *
    uring::EngineOptions{}.receive_buffer_bytes;

// An idle loop shows once a second that it is alive (PRC-033).
constexpr std::uint64_t watchdog_ms_min = 2000;

constexpr auto keys = std::to_array<ConfigKey>({
    {"method_bytes_max", &C::method_bytes_max, 1, 255, false, "LIM-001"},
    {"request_line_bytes_max", &C::request_line_bytes_max, 16, bytes_max, false, "LIM-002"},
    {"header_line_bytes_max", &C::header_line_bytes_max, 16, bytes_max, false, "LIM-003"},
    {"header_section_bytes_max", &C::header_section_bytes_max, 16, bytes_max, false, "LIM-004"},
    {"header_count_max", &C::header_count_max, 1, 65535, false, "LIM-005"},
    {"chunk_extension_bytes_max", &C::chunk_extension_bytes_max, 0, bytes_max, false, "LIM-006"},
    {"chunk_overhead_bytes_max", &C::chunk_overhead_bytes_max, 0, bytes_max, false, "LIM-007"},
    {"body_bytes_max", &C::body_bytes_max, 0, body_max, true, "LIM-010"},
    {"pipeline_requests_max", &C::pipeline_requests_max, 1, count_max, false, "LIM-011"},
    {"pipeline_bytes_max", &C::pipeline_bytes_max, 1, bytes_max, false, "LIM-011"},
    {"drain_body_bytes_max", &C::drain_body_bytes_max, 0, body_max, false, "LIM-012"},
    {"drain_body_timeout_ms", &C::drain_body_timeout_ms, 1, time_ms_max, false, "LIM-012"},
    {"linger_timeout_ms", &C::linger_timeout_ms, 1, time_ms_max, false, "LIM-013"},
    {"linger_idle_ms", &C::linger_idle_ms, 1, time_ms_max, false, "LIM-013"},
    {"linger_connections_max", &C::linger_connections_max, 0, count_max, false, "LIM-013"},
    {"header_timeout_ms", &C::header_timeout_ms, 1, time_ms_max, false, "LIM-014"},
    {"body_rate_bytes_per_second_min", &C::body_rate_bytes_per_second_min, 1, bytes_max, false,
     "LIM-015"},
    {"send_rate_bytes_per_second_min", &C::send_rate_bytes_per_second_min, 1, bytes_max, false,
     "LIM-016"},
    {"rate_grace_ms", &C::rate_grace_ms, 1, time_ms_max, false, "LIM-017"},
    {"rate_credit_ms_max", &C::rate_credit_ms_max, 1, time_ms_max, false, "LIM-017"},
    {"keep_alive_timeout_ms", &C::keep_alive_timeout_ms, 1, time_ms_max, false, "LIM-018"},
    {"requests_per_connection_max", &C::requests_per_connection_max, 1, body_max, true, "LIM-019"},
    {"request_timeout_ms", &C::request_timeout_ms, 1, time_ms_max, true, "LIM-020"},
    {"tcp_user_timeout_ms", &C::tcp_user_timeout_ms, 1, 0x7FFF'FFFF, false, "LIM-021"},
    {"connections_max", &C::connections_max, 1, count_max, true, "LIM-030"},
    {"handlers_queued_max", &C::handlers_queued_max, 1, count_max, true, "LIM-032"},
    {"queue_timeout_ms", &C::queue_timeout_ms, 1, time_ms_max, true, "PRC-040"},
    {"handlers_running_max", &C::handlers_running_max, 1, count_max, true, "LIM-033"},
    {"send_queue_bytes_high", &C::send_queue_bytes_high, 1, bytes_max, false, "LIM-034"},
    {"send_queue_bytes_low", &C::send_queue_bytes_low, 0, bytes_max, false, "LIM-034"},
    {"connection_queue_bytes_max", &C::connection_queue_bytes_max, 1, bytes_max, false, "LIM-035"},
    {"buffered_bytes_high", &C::buffered_bytes_high, 1, body_max, true, "PRC-044"},
    {"buffered_bytes_low", &C::buffered_bytes_low, 0, body_max, true, "PRC-044"},
    {"spooled_bytes_max", &C::spooled_bytes_max, 0, body_max, true, "PRC-044"},
    {"query_fields_max", &C::query_fields_max, 0, count_max, false, "LIM-040"},
    {"form_fields_max", &C::form_fields_max, 0, count_max, false, "LIM-041"},
    {"cookies_max", &C::cookies_max, 0, count_max, false, "LIM-042"},
    {"multipart_bytes_max", &C::multipart_bytes_max, 0, body_max, true, "LIM-050"},
    {"multipart_parts_max", &C::multipart_parts_max, 0, count_max, false, "LIM-051"},
    {"multipart_files_max", &C::multipart_files_max, 0, count_max, false, "LIM-051"},
    {"multipart_field_bytes_max", &C::multipart_field_bytes_max, 0, bytes_max, false, "LIM-052"},
    {"multipart_memory_bytes_max", &C::multipart_memory_bytes_max, 0, bytes_max, false, "LIM-053"},
    {"multipart_part_headers_max", &C::multipart_part_headers_max, 1, count_max, false, "LIM-054"},
    {"multipart_part_header_bytes_max", &C::multipart_part_header_bytes_max, 16, bytes_max, false,
     "LIM-054"},
    {"multipart_boundary_bytes_max", &C::multipart_boundary_bytes_max, 1, boundary_bytes_max, false,
     "LIM-055"},
    {"multipart_slack_bytes_max", &C::multipart_slack_bytes_max, 0, bytes_max, false, "LIM-056"},
    {"json_depth_max", &C::json_depth_max, 1, 1024, false, "LIM-060"},
    {"json_number_bytes_max", &C::json_number_bytes_max, 1, 4300, false, "LIM-061"},
    {"range_count_max", &C::range_count_max, 0, 1000, false, "LIM-065"},
    {"websocket_message_bytes_max", &C::websocket_message_bytes_max, 1, bytes_max / 2, false,
     "LIM-070"},
    {"websocket_fragments_max", &C::websocket_fragments_max, 1, count_max, false, "LIM-071"},
    {"websocket_queue_bytes_max", &C::websocket_queue_bytes_max, 1, bytes_max, false, "LIM-072"},
    {"websocket_ping_interval_ms", &C::websocket_ping_interval_ms, 1, time_ms_max, true, "LIM-073"},
    {"websocket_ping_timeout_ms", &C::websocket_ping_timeout_ms, 1, time_ms_max, true, "LIM-073"},
    {"websocket_close_timeout_ms", &C::websocket_close_timeout_ms, 1, time_ms_max, false,
     "LIM-074"},
    {"websocket_control_frames_max", &C::websocket_control_frames_max, 1, count_max, false,
     "LIM-075"},
    {"websocket_inflate_ratio_max", &C::websocket_inflate_ratio_max, 1, count_max, false,
     "LIM-076"},
    {"websocket_deflate_bytes_min", &C::websocket_deflate_bytes_min, 0, bytes_max, false,
     "LIM-077"},
    {"websocket_receive_messages_max", &C::websocket_receive_messages_max, 1, count_max, false,
     "LIM-078"},
    {"graceful_timeout_ms", &C::graceful_timeout_ms, 1, time_ms_max, false, "LIM-090"},
    {"lifespan_shutdown_timeout_ms", &C::lifespan_shutdown_timeout_ms, 0, time_ms_max, false,
     "LIM-090"},
    {"drain_delay_ms", &C::drain_delay_ms, 0, time_ms_max, false, "LIM-091"},
    {"drain_idle_ms", &C::drain_idle_ms, 0, time_ms_max, false, "LIM-091"},
    {"worker_start_timeout_ms", &C::worker_start_timeout_ms, 1, time_ms_max, false, "LIM-092"},
    {"watchdog_dump_ms", &C::watchdog_dump_ms, watchdog_ms_min, time_ms_max, false, "LIM-093"},
    {"watchdog_kill_ms", &C::watchdog_kill_ms, 1, time_ms_max, false, "LIM-093"},
    {"worker_restarts_burst", &C::worker_restarts_burst, 0, count_max, false, "LIM-094"},
    {"worker_restarts_window_ms", &C::worker_restarts_window_ms, 1, time_ms_max, false, "LIM-094"},
    {"log_queue_bytes_max", &C::log_queue_bytes_max, log_queue_bytes_min, bytes_max, false,
     "LIM-095"},
    {"turn_completions_max", &C::turn_completions_max, 1, 65536, false, "LIM-096"},
    {"receive_credit_bytes", &C::receive_credit_bytes, 1, bytes_max, false, "LIM-097"},
    {"tls_handshake_timeout_ms", &C::tls_handshake_timeout_ms, 1, time_ms_max, false, "LIM-100"},
    {"h2_streams_max", &C::h2_streams_max, 1, count_max, false, "LIM-101"},
    {"h2_header_list_bytes_max", &C::h2_header_list_bytes_max, 1024, bytes_max, false, "LIM-102"},
    {"h2_continuation_frames_max", &C::h2_continuation_frames_max, 0, count_max, false, "LIM-103"},
    {"h2_resets_max", &C::h2_resets_max, 1, count_max, false, "LIM-104"},
    {"h2_idle_frames_max", &C::h2_idle_frames_max, 1, count_max, false, "LIM-105"},
    {"h2_control_queue_max", &C::h2_control_queue_max, 1, count_max, false, "LIM-106"},
    {"h2_stream_window_bytes", &C::h2_stream_window_bytes, 1024, window_bytes_max, false,
     "LIM-107"},
    {"h2_connection_window_bytes", &C::h2_connection_window_bytes, 65535, window_bytes_max, false,
     "LIM-107"},
});

constexpr std::optional<ConfigProblem> judge(const ServerConfig& config) {
  for (const ConfigKey& key : keys) {
    const std::uint64_t value = config.*key.member;
    if (value == no_limit && key.may_be_unlimited) continue;
    if (value < key.min) return ConfigProblem{key.name, {}, "is below its least value"};
    if (value > key.max) return ConfigProblem{key.name, {}, "is above its greatest value"};
  }
  if (config.header_line_bytes_max > config.header_section_bytes_max) {
    return ConfigProblem{"header_line_bytes_max", "header_section_bytes_max",
                         "must not exceed"};  // LIM-200
  }
  if (config.request_line_bytes_max + config.header_section_bytes_max + 4 >
      config.pipeline_bytes_max) {
    return ConfigProblem{"header_section_bytes_max", "pipeline_bytes_max",
                         "with request_line_bytes_max and 4 more must not exceed"};  // LIM-200
  }
  if (config.send_queue_bytes_low >= config.send_queue_bytes_high) {
    return ConfigProblem{"send_queue_bytes_low", "send_queue_bytes_high",
                         "must be less than"};  // LIM-201
  }
  if (config.send_queue_bytes_high > config.connection_queue_bytes_max) {
    return ConfigProblem{"send_queue_bytes_high", "connection_queue_bytes_max",
                         "must not exceed"};  // LIM-201
  }
  if (config.buffered_bytes_low != no_limit &&
      config.buffered_bytes_low >= config.buffered_bytes_high) {
    return ConfigProblem{"buffered_bytes_low", "buffered_bytes_high",
                         "must be less than"};  // LIM-201
  }
  if (config.rate_grace_ms > config.rate_credit_ms_max) {
    return ConfigProblem{"rate_grace_ms", "rate_credit_ms_max", "must not exceed"};  // LIM-202
  }
  if (config.linger_idle_ms > config.linger_timeout_ms) {
    return ConfigProblem{"linger_idle_ms", "linger_timeout_ms", "must not exceed"};  // LIM-202
  }
  if (config.multipart_field_bytes_max > config.multipart_memory_bytes_max) {
    return ConfigProblem{"multipart_field_bytes_max", "multipart_memory_bytes_max",
                         "must not exceed"};  // LIM-203
  }
  if (config.multipart_memory_bytes_max > config.multipart_bytes_max) {
    return ConfigProblem{"multipart_memory_bytes_max", "multipart_bytes_max",
                         "must not exceed"};  // LIM-203
  }
  if (config.multipart_files_max > config.multipart_parts_max) {
    return ConfigProblem{"multipart_files_max", "multipart_parts_max",
                         "must not exceed"};  // LIM-203
  }
  if (config.header_timeout_ms >= config.graceful_timeout_ms) {
    return ConfigProblem{"header_timeout_ms", "graceful_timeout_ms",
                         "must be less than"};  // LIM-204
  }
  if (config.lifespan_shutdown_timeout_ms + config.websocket_close_timeout_ms >=
      config.graceful_timeout_ms) {
    return ConfigProblem{"lifespan_shutdown_timeout_ms", "graceful_timeout_ms",
                         "with websocket_close_timeout_ms must be less than"};  // LIM-204
  }
  if (config.drain_delay_ms + config.lifespan_shutdown_timeout_ms >= config.graceful_timeout_ms) {
    return ConfigProblem{"drain_delay_ms", "graceful_timeout_ms",
                         "with lifespan_shutdown_timeout_ms must be less than"};  // LIM-204
  }
  if (config.receive_credit_bytes > receive_ring_bytes / 8) {
    return ConfigProblem{
        "receive_credit_bytes", {}, "must not exceed an eighth of the receive buffers"};  // LIM-205
  }
  if (config.watchdog_dump_ms >= config.watchdog_kill_ms) {
    return ConfigProblem{"watchdog_dump_ms", "watchdog_kill_ms", "must be less than"};  // LIM-204
  }
  return std::nullopt;
}

static_assert(!judge(ServerConfig{}), "the defaults break their own rules");

}  // namespace

std::span<const ConfigKey> config_keys() {
  return keys;
}

const ConfigKey* config_key(std::string_view name) {
  for (const ConfigKey& key : keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::uint64_t default_connections_max(std::uint64_t descriptors_max) {
  constexpr std::uint64_t others = 256;
  const std::uint64_t left = descriptors_max > others ? descriptors_max - others : 0;
  return std::min(std::max({left, descriptors_max / 2, std::uint64_t{1}}), count_max);
}

std::optional<ConfigProblem> problem_in(const ServerConfig& config) {
  return judge(config);
}

}  // namespace pelton::http

// Every limit and timer of a server, the table of their keys, and the check of their values. The
// table names each key as protocol section 5 does; the package derives its own spellings from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pelton::http {

inline constexpr std::uint64_t no_limit = ~std::uint64_t{0};

struct ServerConfig {
  std::uint64_t method_bytes_max = 32;
  std::uint64_t request_line_bytes_max = 8192;
  std::uint64_t header_line_bytes_max = 8192;
  std::uint64_t header_section_bytes_max = 32768;
  std::uint64_t header_count_max = 100;
  std::uint64_t chunk_extension_bytes_max = 256;
  std::uint64_t chunk_overhead_bytes_max = 16384;
  std::uint64_t body_bytes_max = 1 << 20;
  std::uint64_t pipeline_requests_max = 32;
  std::uint64_t pipeline_bytes_max = 65536;
  std::uint64_t drain_body_bytes_max = 65536;
  std::uint64_t drain_body_timeout_ms = 1000;
  std::uint64_t linger_timeout_ms = 5000;
  std::uint64_t linger_idle_ms = 1000;
  std::uint64_t linger_connections_max = 1024;
  std::uint64_t header_timeout_ms = 10000;
  std::uint64_t body_rate_bytes_per_second_min = 240;
  std::uint64_t send_rate_bytes_per_second_min = 240;
  std::uint64_t rate_grace_ms = 5000;
  std::uint64_t rate_credit_ms_max = 30000;
  std::uint64_t keep_alive_timeout_ms = 75000;
  std::uint64_t requests_per_connection_max = no_limit;
  std::uint64_t request_timeout_ms = no_limit;
  std::uint64_t tcp_user_timeout_ms = 30000;
  std::uint64_t connections_max = no_limit;
  std::uint64_t handlers_queued_max = no_limit;
  std::uint64_t queue_timeout_ms = 250;
  std::uint64_t handlers_running_max = no_limit;
  std::uint64_t send_queue_bytes_high = 262144;
  std::uint64_t send_queue_bytes_low = 65536;
  std::uint64_t connection_queue_bytes_max = 1 << 20;
  // Of one worker, for what it has read and has to send. Without a low mark, three quarters of the
  // high mark.
  std::uint64_t buffered_bytes_high = no_limit;
  std::uint64_t buffered_bytes_low = no_limit;
  // Of one worker: the sum of the bodies in its temporary files.
  std::uint64_t spooled_bytes_max = no_limit;
  std::uint64_t query_fields_max = 1000;
  std::uint64_t form_fields_max = 1000;
  std::uint64_t cookies_max = 200;
  std::uint64_t multipart_bytes_max = 64 << 20;
  std::uint64_t multipart_parts_max = 1000;
  std::uint64_t multipart_files_max = 100;
  std::uint64_t multipart_field_bytes_max = 1 << 20;
  std::uint64_t multipart_memory_bytes_max = 2 << 20;
  std::uint64_t multipart_part_headers_max = 8;
  std::uint64_t multipart_part_header_bytes_max = 4096;
  std::uint64_t multipart_boundary_bytes_max = 70;
  std::uint64_t multipart_slack_bytes_max = 1024;
  std::uint64_t json_depth_max = 1024;
  std::uint64_t json_number_bytes_max = 4300;
  std::uint64_t range_count_max = 16;
  std::uint64_t websocket_message_bytes_max = 1 << 20;
  std::uint64_t websocket_fragments_max = 1024;
  std::uint64_t websocket_queue_bytes_max = 1 << 20;
  std::uint64_t websocket_ping_interval_ms = 20000;
  std::uint64_t websocket_ping_timeout_ms = 20000;
  std::uint64_t websocket_close_timeout_ms = 5000;
  std::uint64_t websocket_control_frames_max = 1000;  // in ten seconds
  std::uint64_t websocket_inflate_ratio_max = 25;
  std::uint64_t websocket_deflate_bytes_min = 1024;
  std::uint64_t websocket_receive_messages_max = 32;
  std::uint64_t graceful_timeout_ms = 30000;
  std::uint64_t lifespan_shutdown_timeout_ms = 5000;  // the last part of graceful_timeout_ms
  std::uint64_t drain_delay_ms = 0;
  std::uint64_t drain_idle_ms = 2000;
  std::uint64_t worker_start_timeout_ms = 60000;
  std::uint64_t watchdog_dump_ms = 5000;
  std::uint64_t watchdog_kill_ms = 30000;
  std::uint64_t worker_restarts_burst = 5;
  std::uint64_t worker_restarts_window_ms = 10000;
  std::uint64_t log_queue_bytes_max = 1 << 20;
  std::uint64_t turn_completions_max = 256;
  std::uint64_t receive_credit_bytes = 65536;
  std::uint64_t tls_handshake_timeout_ms = 10000;
  // Of one HTTP/2 connection; the windows in octets that may be sent to us unread.
  std::uint64_t h2_streams_max = 100;
  std::uint64_t h2_header_list_bytes_max = 32768;
  std::uint64_t h2_continuation_frames_max = 16;  // of one header block
  std::uint64_t h2_resets_max = 200;              // in thirty seconds
  std::uint64_t h2_idle_frames_max = 1000;        // in ten seconds
  std::uint64_t h2_control_queue_max = 1000;
  std::uint64_t h2_stream_window_bytes = 262144;
  std::uint64_t h2_connection_window_bytes = 1 << 20;
};

struct ConfigKey {
  std::string_view name;
  std::uint64_t ServerConfig::* member;
  std::uint64_t min;
  std::uint64_t max;
  bool may_be_unlimited;  // no_limit is accepted
  std::string_view rule;
};

std::span<const ConfigKey> config_keys();

// nullptr if no key has this name.
const ConfigKey* config_key(std::string_view name);

struct ConfigProblem {
  std::string_view key;
  std::string_view other;  // the second key of a broken relation (LIM-200...), else empty
  std::string_view what;   // a clause that follows the key: "must be at least 1"
};

std::optional<ConfigProblem> problem_in(const ServerConfig& config);

// A limit that the key table keeps below 32 bits.
constexpr std::uint32_t narrow(std::uint64_t limit) {
  return static_cast<std::uint32_t>(limit);
}

// PRC-016: the part of the graceful timeout that requests have.
constexpr std::uint64_t drain_timeout_ms(const ServerConfig& config) {
  return config.graceful_timeout_ms - config.lifespan_shutdown_timeout_ms;
}

// LIM-030: the default for connections_max of a process that may open so many descriptors.
std::uint64_t default_connections_max(std::uint64_t descriptors_max);

// LIM-205: descriptors that the process needs besides its connections, one of them as a reserve.
inline constexpr std::uint64_t descriptors_reserved = 32;

}  // namespace pelton::http

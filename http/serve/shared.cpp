#include "http/serve/shared.hpp"

#include <malloc.h>
#include <sys/random.h>

#include <algorithm>

#include "core/check.hpp"

namespace pelton::http {
namespace {

constexpr std::uint32_t connections_addressable = 1u << 24;
constexpr std::uint32_t exchanges_addressable = 1u << 30;

std::uint64_t random_number() {
  std::uint64_t number = 0;
  CHECK(::getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

std::uint32_t connections_max_of(const ServerConfig& config) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(config.connections_max, connections_addressable));
}

std::uint64_t low_mark_of(const ServerConfig& config) {
  if (config.buffered_bytes_low != no_limit) return config.buffered_bytes_low;
  return config.buffered_bytes_high / 4 * 3;
}

TransportRules transport_rules_of(const ServerConfig& config) {
  // Above nine tenths of the connections, rounded up, room matters more than lingering (CON-031).
  const std::uint64_t nine_tenths =
      config.connections_max == no_limit ? no_limit : (config.connections_max * 9 + 9) / 10;
  return {.rate_grace_ms = config.rate_grace_ms,
          .rate_credit_ms_max = config.rate_credit_ms_max,
          .send_rate_bytes_per_second_min = config.send_rate_bytes_per_second_min,
          .linger_timeout_ms = config.linger_timeout_ms,
          .linger_idle_ms = config.linger_idle_ms,
          .lingering_max = config.linger_connections_max,
          .linger_live_max = nine_tenths};
}

HeadLimits head_limits_of(const ServerConfig& config) {
  return {.method_bytes_max = narrow(config.method_bytes_max),
          .request_line_bytes_max = narrow(config.request_line_bytes_max),
          .header_line_bytes_max = narrow(config.header_line_bytes_max),
          .header_section_bytes_max = narrow(config.header_section_bytes_max),
          .header_count_max = narrow(config.header_count_max)};
}

BodyLimits body_limits_of(const ServerConfig& config) {
  return {.chunk_extension_bytes_max = narrow(config.chunk_extension_bytes_max),
          .chunk_overhead_bytes_max = narrow(config.chunk_overhead_bytes_max)};
}

}  // namespace

Shared::Shared(const ServerParts& parts)
    : engine(parts.engine),
      receive_buffers(parts.engine.buffers()),
      clock(parts.clock),
      routes(parts.routes),
      config(parts.config),
      stats(parts.stats),
      refusal_bodies(parts.error_shape),
      other_refusal_bodies(parts.error_shape == ErrorShape::detail ? ErrorShape::problem
                                                                   : ErrorShape::detail),
      error_shape(parts.error_shape),
      unmatched(parts.unmatched),
      unmatched_takes_all(parts.unmatched_takes_all),
      endpoints_of(parts.endpoints_of),
      is_secure(parts.is_secure),
      origin_of(parts.origin_of),
      h2(parts.h2),
      h2_by_preface(parts.h2 != nullptr && parts.h2_by_preface),
      forwarding(parts.forwarding),
      allowed_hosts(parts.allowed_hosts),
      https_port(parts.https_port),
      chain(parts.middleware.empty()
                ? nullptr
                : std::make_unique<middleware::Chain>(parts.middleware, random_number())),
      answers_at_once(!parts.allowed_hosts.allows_all() || parts.https_port != 0 || chain),
      turn_interval_ms_max(parts.turn_interval_ms_max),
      companion(parts.companion),
      owns_listeners(parts.owns_listeners),
      core_state(parts.core_state),
      logs(parts.logs),
      access_log(parts.logs != nullptr ? parts.logs->access.get() : nullptr),
      writer(response_blocks, stats, parts.response_defaults, chain.get()),
      h2_response(response_blocks, stats, writer.defaults(), chain.get()),
      head_limits(head_limits_of(config)),
      body_limits(body_limits_of(config)),
      scanner(scanner_for(CpuFeatures::of_this_machine())),
      fields(config.header_count_max),
      parser(head_limits, fields, scanner),
      transports({.engine = engine,
                  .receive_buffers = receive_buffers,
                  .clock = clock,
                  .blocks = blocks,
                  .stats = stats,
                  .rules = transport_rules_of(config)}),
      connections(connections_max_of(config)),
      pending(exchanges_addressable),
      h1_exchanges(connections_max_of(config)),
      orphans(clock.now_ms()),
      websocket_rules(parts.websocket_rules),
      spool_rules(parts.spool_rules),
      spool_account(std::make_shared<SpoolAccount>(config.spooled_bytes_max)),
      websocket_parts({.blocks = blocks,
                       .config = config,
                       .stats = stats,
                       .inflaters = inflaters,
                       .deflater = deflater}),
      websockets(static_cast<std::uint32_t>(
          std::min<std::uint64_t>(config.connections_max, connections_addressable))),
      topics(websocket_parts),
      timers(clock.now_ms()),
      requests_max(config.requests_per_connection_max),
      idle_ms(config.keep_alive_timeout_ms),
      buffered_bytes_low_(low_mark_of(config)) {
  CHECK(!problem_in(config));
  if (config.buffered_bytes_high != no_limit) blocks.watch(config.buffered_bytes_high, may_shed);
}

const RefusalBodies& Shared::refusal_bodies_of(const RouteSettings* matched) const {
  const bool is_other =
      matched != nullptr && matched->error_shape && *matched->error_shape != error_shape;
  return is_other ? other_refusal_bodies : refusal_bodies;
}

Reason Shared::shed_reason() {
  if (handler_queue_full) return Reason::shed_handler_queue;
  const std::size_t held_bytes = blocks.bytes_lent();
  const bool was_short = memory_short_;
  memory_short_ = held_bytes > (was_short ? buffered_bytes_low_ : config.buffered_bytes_high);
  // Memory kept for speed is now needed for octets that are held already.
  if (memory_short_ && !was_short) blocks.trim();
  const bool handlers_full = handlers_running() >= config.handlers_running_max;
  may_shed = memory_short_ || handlers_full;
  if (handlers_full) return Reason::shed_handlers_running;
  return memory_short_ ? Reason::shed_memory : Reason::none;
}

void Shared::tell(Reason reason, EndpointSource* peer) {
  stats.count(reason);
  if (logs != nullptr) logs->events.report(reason, peer);
}

void Shared::woken() {
  wake.drain();
  if (disk_) disk_->deliver();
}

DiskPool* Shared::disk() {
  if (engine.kind() == uring::EngineKind::memory) return nullptr;
  if (!disk_) disk_ = std::make_unique<DiskPool>(wake);
  return disk_.get();
}

// The heap keeps freed memory until malloc_trim(), which walks over all that is free. So it is
// called once a burst is over, and during a long one only now and then.
void Shared::give_back_idle() {
  constexpr std::size_t worth_bytes = std::size_t{1} << 20;
  constexpr std::uint32_t seconds_min = 5;
  constexpr std::uint32_t seconds_max = 30;
  const std::size_t bytes = blocks.trim_idle();
  returned_bytes_ += bytes;
  ++seconds_returning_;
  const std::uint32_t wait_seconds = bytes == 0 ? seconds_min : seconds_max;
  if (returned_bytes_ < worth_bytes || seconds_returning_ < wait_seconds) return;
  returned_bytes_ = 0;
  seconds_returning_ = 0;
  ::malloc_trim(0);
}

std::unique_ptr<IncomingMessage> Shared::lend_message() {
  if (messages_free_.empty())
    return std::make_unique<IncomingMessage>(blocks, head_limits, scanner);
  std::unique_ptr<IncomingMessage> incoming = std::move(messages_free_.back());
  messages_free_.pop_back();
  return incoming;
}

void Shared::take_back(std::unique_ptr<IncomingMessage> incoming) {
  incoming->clear();
  if (messages_free_.size() < free_kept_max) messages_free_.push_back(std::move(incoming));
}

std::unique_ptr<WaitingReceives> Shared::lend_waiting() {
  if (waiting_free_.empty()) return std::make_unique<WaitingReceives>();
  std::unique_ptr<WaitingReceives> waiting = std::move(waiting_free_.back());
  waiting_free_.pop_back();
  return waiting;
}

void Shared::take_back(std::unique_ptr<WaitingReceives> waiting) {
  waiting->clear();
  if (waiting_free_.size() < free_kept_max) waiting_free_.push_back(std::move(waiting));
}

}  // namespace pelton::http

#include "http/serve/server.hpp"

#include <poll.h>

#include <cerrno>

#include <algorithm>

#include "core/check.hpp"

namespace noria::http {

using uring::Completion;
using uring::Operation;
using uring::Token;

namespace {

constexpr std::uint64_t accept_pause_ms = 100;  // ENG-028
constexpr std::uint32_t connections_addressable = 1u << 24;
constexpr std::uint64_t nanoseconds_per_ms = 1'000'000;

// The table of keys bounds each of these far below 32 bits.
std::uint32_t narrow(std::uint64_t limit) {
  return static_cast<std::uint32_t>(limit);
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

Server::Server(const ServerParts& parts)
    : engine_(parts.engine),
      clock_(parts.clock),
      routes_(parts.routes),
      config_(parts.config),
      stats_(parts.stats),
      refusal_bodies_(parts.error_shape),
      unmatched_(parts.unmatched),
      endpoints_of_(parts.endpoints_of),
      writer_(response_blocks_, stats_),
      head_limits_(head_limits_of(config_)),
      body_limits_(body_limits_of(config_)),
      fields_(config_.header_count_max),
      scanner_(scanner_for(CpuFeatures::of_this_machine())),
      parser_(head_limits_, fields_, scanner_),
      connections_(static_cast<std::uint32_t>(
          std::min<std::uint64_t>(config_.connections_max, connections_addressable))),
      timers_(clock_.now_ms()) {
  CHECK(!problem_in(config_));
}

Server::~Server() {
  CHECK(connections_.live() == 0);
}

void Server::listen(uring::Descriptor listener) {
  listeners_.push_back({.descriptor = listener});
}

// --- the turn ---

void Server::settle() {
  response_blocks_.refresh(clock_.wall_seconds());
  if (stop_requested_.load(std::memory_order_relaxed) && !stopping_) begin_stop();
  arm_listeners();
  inspect_timers();
  while (Connection* connection = to_settle_.pop_front()) connection->settle();
  while (Connection* connection = to_close_.pop_front()) connection->try_close();
}

std::uint64_t Server::next_deadline_ns() const {
  std::uint64_t deadline_ms = timers_.next_wake_ms();
  for (const Listener& listener : listeners_) {
    if (listener.paused_until_ms != 0) {
      deadline_ms = std::min(deadline_ms, listener.paused_until_ms);
    }
  }
  if (stopping_) deadline_ms = std::min(deadline_ms, stop_deadline_ms_);
  // Accepting ends one turn after the queue was found empty; that turn must not wait for long.
  if (stopping_ && !accepting_over_) deadline_ms = std::min(deadline_ms, clock_.now_ms() + 1);
  return deadline_ms == TimerWheel::no_deadline_ms ? uring::no_deadline
                                                   : deadline_ms * nanoseconds_per_ms;
}

void Server::complete(std::span<const Completion> batch) {
  bool accepted = false;
  for (const Completion& completion : batch) {
    switch (completion.token.operation()) {
      case Operation::accept:
        accepted |= completion.result >= 0;
        complete_accept(completion);
        break;
      case Operation::poll:
        wake_armed_ = false;
        wake_.drain();
        break;
      case Operation::cancel:
        if (completion.token.generation() == 0) break;  // a listener's, or the wake's
        [[fallthrough]];
      default: {
        const Token token = completion.token;
        if (Connection* connection = connections_.find(token.slot(), token.generation())) {
          connection->complete(completion);
        } else {
          stats_.count(Reason::engine_stale_completion);
          if (completion.buffer != uring::no_buffer) {
            engine_.buffers().give_back(completion.buffer);
          }
        }
      }
    }
  }
  if (stopping_ && !accepting_over_ && !accepted) close_listeners();
}

void Server::inspect_timers() {
  const std::uint64_t now_ms = clock_.now_ms();
  while (TimerNode* node = timers_.pop_due(now_ms)) static_cast<Connection*>(node)->inspect();
  if (stopping_ && now_ms >= stop_deadline_ms_) {
    connections_.for_each([](Connection& connection) { connection.cut_at_deadline(); });
  }
}

// --- accepting ---

bool Server::room_for_connection() const {
  return !connections_.full() && connections_.live() < config_.connections_max;
}

void Server::arm_listeners() {
  if (!wake_armed_ && engine_.kind() != uring::EngineKind::memory && !accepting_over_) {
    wake_armed_ = true;
    engine_.poll(Token(Operation::poll, 0, 0), wake_.descriptor(), POLLIN);
  }
  if (accepting_over_) return;
  for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
    Listener& listener = listeners_[index];
    if (listener.armed) continue;
    if (listener.paused_until_ms > clock_.now_ms() || !room_for_connection()) continue;
    listener.paused_until_ms = 0;
    listener.armed = true;
    listener.cancelling = false;
    engine_.accept(Token(Operation::accept, 0, index), listener.descriptor);
  }
}

void Server::complete_accept(const Completion& completion) {
  const std::uint32_t index = completion.token.slot();
  CHECK(index < listeners_.size());
  Listener& listener = listeners_[index];
  if (!completion.more) listener.armed = false;
  if (completion.result >= 0) {
    if (connections_.full()) {
      // More came in one burst than the bound allows: the surplus learns it by a reset.
      stats_.count(Reason::shed_connections);
      engine_.reset(completion.result);
      return;
    }
    connections_.emplace(*this, completion.result).open();
    if (!room_for_connection() && listener.armed && !listener.cancelling) {
      stats_.count(Reason::shed_connections);
      listener.cancelling = true;
      engine_.cancel(Token(Operation::cancel, 0, index), Token(Operation::accept, 0, index));
    }
    return;
  }
  switch (-completion.result) {
    case ECANCELED:
    case EINTR:
    case EAGAIN:
      break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      // Those already here are served; the rest wait in the backlog until a descriptor is free.
      stats_.count(Reason::shed_accept);
      listener.paused_until_ms = clock_.now_ms() + accept_pause_ms;
      break;
    default:
      stats_.count(Reason::lost_accept);
      break;
  }
}

// --- settling, ending ---

void Server::schedule(Connection& connection) {
  if (!connection.TurnNode::linked()) to_settle_.push_back(connection);
}

void Server::erase(Connection& connection) {
  connections_.erase(connection.slot());
  for (Listener& listener : listeners_) listener.paused_until_ms = 0;
}

std::unique_ptr<ParkedMessage> Server::lend_parked() {
  if (parked_free_.empty()) return std::make_unique<ParkedMessage>(blocks_, head_limits_, scanner_);
  std::unique_ptr<ParkedMessage> parked = std::move(parked_free_.back());
  parked_free_.pop_back();
  return parked;
}

void Server::take_back(std::unique_ptr<ParkedMessage> parked) {
  parked->clear();
  if (parked_free_.size() < parked_kept_max) parked_free_.push_back(std::move(parked));
}

void Server::stop() {
  stop_requested_.store(true, std::memory_order_relaxed);
  wake_.signal();
}

void Server::begin_stop() {
  stopping_ = true;
  stop_deadline_ms_ = clock_.now_ms() + config_.graceful_timeout_ms;
  connections_.for_each([](Connection& connection) { connection.drain(); });
}

void Server::close_listeners() {
  accepting_over_ = true;
  for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
    if (listeners_[index].armed && !listeners_[index].cancelling) {
      listeners_[index].cancelling = true;
      engine_.cancel(Token(Operation::cancel, 0, index), Token(Operation::accept, 0, index));
    }
  }
  if (wake_armed_) {
    engine_.cancel(Token(Operation::cancel, 0, 0), Token(Operation::poll, 0, 0));
  }
}

bool Server::finished() const {
  if (!stopping_ || !accepting_over_ || connections_.live() != 0 || wake_armed_) return false;
  return std::none_of(listeners_.begin(), listeners_.end(),
                      [](const Listener& listener) { return listener.armed; });
}

}  // namespace noria::http

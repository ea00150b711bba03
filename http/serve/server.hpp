// One core's HTTP server: listeners, connections and what they share. The composition root gives it
// an engine, a clock and a frozen route table; it owns neither threads nor an interpreter.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/intrusive_list.hpp"
#include "core/memory/output.hpp"
#include "core/memory/slab.hpp"
#include "core/stats.hpp"
#include "core/timer_wheel.hpp"
#include "http/h1/chunked_decoder.hpp"
#include "http/h1/head_parser.hpp"
#include "http/h1/response_writer.hpp"
#include "http/handler.hpp"
#include "http/message/refusal.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/config.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "uring/engine.hpp"
#include "uring/loop.hpp"
#include "uring/wake.hpp"

namespace noria::http {

struct ServerParts {
  uring::Engine& engine;
  Clock& clock;
  const RouteTable& routes;
  const ServerConfig& config;
  Stats& stats;
  ErrorShape error_shape = ErrorShape::detail;
  // Answers 404, 405 and automatic OPTIONS instead of the server if it is set; it reads
  // Exchange::match().
  Handler unmatched = {};
  // Who is at both ends of a descriptor; texts are copied. Default: getpeername(2), getsockname(2).
  std::function<Endpoints(uring::Descriptor)> endpoints_of = kernel_endpoints;
};

class Server final : public uring::Work {
 public:
  explicit Server(const ServerParts& parts);
  Server(const Server&) = delete;
  ~Server() override;

  // Serves what this listening socket accepts; the descriptor stays the caller's.
  void listen(uring::Descriptor listener);

  // Begins the graceful stop (PRC-011 to PRC-017). Any thread, any number of times.
  void stop();
  // The stop is through: no connection is left, no operation in flight.
  bool finished() const;
  // Connections that had to be cut at the deadline of the stop.
  std::uint64_t cut_at_deadline() const { return stats_.of(Reason::cut_drain_deadline); }

  std::uint32_t connections_live() const { return connections_.live(); }

  void settle() override;
  std::uint64_t next_deadline_ns() const override;
  void complete(std::span<const uring::Completion> batch) override;

 private:
  friend class Connection;

  struct Listener {
    uring::Descriptor descriptor;
    bool armed = false;
    bool cancelling = false;
    // Accepting pauses until then after EMFILE and its like (ENG-028); 0 while it does not.
    std::uint64_t paused_until_ms = 0;
  };

  void complete_accept(const uring::Completion& completion);
  void arm_listeners();
  void close_listeners();
  void begin_stop();
  void inspect_timers();
  bool room_for_connection() const;

  // For connections.
  void schedule(Connection& connection);
  void erase(Connection& connection);
  std::unique_ptr<ParkedMessage> lend_parked();
  void take_back(std::unique_ptr<ParkedMessage> parked);

  // Parked messages kept for reuse; a burst beyond it goes back to the heap.
  static constexpr std::size_t parked_kept_max = 64;

  uring::Engine& engine_;
  Clock& clock_;
  const RouteTable& routes_;
  const ServerConfig config_;
  Stats& stats_;
  const RefusalBodies refusal_bodies_;
  const Handler unmatched_;
  const std::function<Endpoints(uring::Descriptor)> endpoints_of_;

  // Shared by every connection, for the time of one message.
  BlockPool blocks_;
  h1::ResponseBlocks response_blocks_;
  h1::ResponseWriter writer_;
  const HeadLimits head_limits_;
  const BodyLimits body_limits_;
  std::vector<Field> fields_;
  const Scanner& scanner_;
  HeadParser parser_;
  MatchScratch match_scratch_;
  std::vector<std::unique_ptr<ParkedMessage>> parked_free_;

  Slab<Connection> connections_;
  IntrusiveList<Connection, TurnNode> to_settle_;
  IntrusiveList<Connection, TurnNode> to_close_;
  TimerWheel timers_;
  std::vector<Listener> listeners_;
  std::uint32_t lingering_count_ = 0;

  uring::Wake wake_;
  bool wake_armed_ = false;
  std::atomic<bool> stop_requested_ = false;
  bool stopping_ = false;
  // The listeners' queues have been emptied and accepting is over.
  bool accepting_over_ = false;
  std::uint64_t stop_deadline_ms_ = 0;
};

}  // namespace noria::http

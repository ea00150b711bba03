// What the connections of one core share: the engine, the clock, what was decided at start, and
// what is used by one message at a time. One thread, one of these.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/clock.hpp"
#include "core/core_state.hpp"
#include "core/intrusive_list.hpp"
#include "core/memory/output.hpp"
#include "core/memory/slab.hpp"
#include "core/stats.hpp"
#include "core/timer_wheel.hpp"
#include "core/wake.hpp"
#include "http/h1/head_parser.hpp"
#include "http/h1/limits.hpp"
#include "http/h1/response_writer.hpp"
#include "http/h1/scan.hpp"
#include "http/handler.hpp"
#include "http/message/refusal.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/body_spool.hpp"
#include "http/serve/config.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/files/disk_pool.hpp"
#include "http/serve/held_descriptors.hpp"
#include "http/serve/incoming_message.hpp"
#include "http/serve/logs.hpp"
#include "http/serve/orphaned_handler.hpp"
#include "http/serve/pending_exchange.hpp"
#include "http/serve/spool_account.hpp"
#include "http/serve/topics.hpp"
#include "http/serve/turn_queue.hpp"
#include "http/serve/websocket_connection.hpp"
#include "http/transport/transport.hpp"
#include "http/websocket/deflater.hpp"
#include "http/websocket/inflater.hpp"
#include "uring/engine.hpp"
#include "uring/loop.hpp"

namespace pelton::http {

struct ServerParts {
  uring::Engine& engine;
  Clock& clock;
  const RouteTable& routes;
  const ServerConfig& config;  // without a problem_in()
  Stats& stats;
  ErrorShape error_shape = ErrorShape::detail;
  // Answers 404 and 405 instead of the server if it is set; it reads Exchange::match().
  Handler unmatched = {};
  // It also answers OPTIONS that no route does, and redirects to a path with or without its slash.
  bool unmatched_takes_all = false;
  // Who is at both ends of a descriptor.
  std::function<Endpoints(uring::Descriptor)> endpoints_of = kernel_endpoints;
  // Whether what comes from a descriptor is asked by https; empty: nothing is.
  std::function<bool(uring::Descriptor)> is_secure = {};
  ResponseDefaults response_defaults = {};
  WebSocketRules websocket_rules = {};
  SpoolRules spool_rules = {};
  Logs* logs = nullptr;  // null: nothing is logged
  // Takes part in every turn on the same engine: an event loop with descriptors of its own. Its
  // operations are polls under tokens of a generation other than 0, and cancels of generation 0
  // whose completions nobody waits for.
  uring::Work* companion = nullptr;
  // The listeners are this server's alone: a stop shuts them down once their queues are empty.
  bool owns_listeners = false;
  // What a supervisor tells this core, and is told; null where there is none.
  CoreState* core_state = nullptr;
  // The loop turns at least so often, also when there is nothing to do (PRC-033).
  std::uint64_t turn_interval_ms_max = turn_whenever;

  static constexpr std::uint64_t turn_whenever = std::uint64_t{1} << 43;
};

struct Shared {
  explicit Shared(const ServerParts& parts);
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  // The connection is settled at the end of this turn.
  void schedule(Connection& connection) {
    if (!connection.TurnNode::linked()) to_settle.push_back(connection);
  }
  std::unique_ptr<IncomingMessage> lend_message();
  void take_back(std::unique_ptr<IncomingMessage> incoming);
  std::unique_ptr<WaitingReceives> lend_waiting();
  void take_back(std::unique_ptr<WaitingReceives> waiting);
  // Why a request that begins now is turned away; none if it is not. Looks again at what raised
  // `may_shed`, and lowers that once nothing is short any more.
  Reason shed_reason();
  // Handlers that are not through, be their exchange over.
  std::uint64_t handlers_running() const { return pending.live() + orphans.count(); }
  // In the shape of what matched, or of the server for null.
  const RefusalBodies& refusal_bodies_of(const RouteSettings* matched) const;
  // Who waits for the disk in the loop's place; null where the loop may wait itself, because nobody
  // else is served by it.
  DiskPool* disk();
  // Another thread has called.
  void woken();
  std::size_t disk_outstanding() const { return disk_ ? disk_->outstanding() : 0; }
  // About once a second: gives memory back that a burst has left behind.
  void give_back_idle();
  // Counts what a peer's doing ended in, and tells the error log.
  void tell(Reason reason, EndpointSource* peer);

  uring::Engine& engine;
  uring::ReceiveBuffers& receive_buffers;
  Clock& clock;
  const RouteTable& routes;
  const ServerConfig config;
  Stats& stats;
  const RefusalBodies refusal_bodies;
  const RefusalBodies other_refusal_bodies;  // in the shape that the server does not have
  const ErrorShape error_shape;
  const Handler unmatched;
  const bool unmatched_takes_all;
  const std::function<Endpoints(uring::Descriptor)> endpoints_of;
  const std::function<bool(uring::Descriptor)> is_secure;
  const std::uint64_t turn_interval_ms_max;
  uring::Work* const companion;
  const bool owns_listeners;
  CoreState* const core_state;
  Logs* const logs;
  AccessLog* const access_log;  // null: no exchange is logged

  // For the time of one message.
  BlockPool blocks;
  h1::ResponseBlocks response_blocks;
  h1::ResponseWriter writer;
  const HeadLimits head_limits;
  const BodyLimits body_limits;
  const Scanner& scanner;
  std::vector<Field> fields;
  std::vector<char> file_octets;  // empty before a file is copied
  HeadParser parser;
  MatchScratch match_scratch;
  // Whose handler runs now, and the message that it reads from if that was copied out of a lease.
  struct Served {
    const H1Session* session = nullptr;
    std::unique_ptr<IncomingMessage>* message = nullptr;
  };
  Served served;

  Transports transports;
  Slab<Connection> connections;
  HeldDescriptors held;
  Slab<PendingExchange> pending;  // at most one of each connection
  Slab<H1Exchange> h1_exchanges;  // whose they are
  OrphanedHandlers orphans;
  websocket::InflaterPool inflaters;
  websocket::Deflater deflater;
  const WebSocketRules websocket_rules;
  const SpoolRules spool_rules;
  const std::shared_ptr<SpoolAccount> spool_account;
  const WebSocketParts websocket_parts;
  Slab<WebSocketConnection> websockets;
  Topics topics;
  TimerWheel timers;
  // Whatever had come by then has been read: deadlines are judged by it.
  std::uint64_t seen_ns = 0;
  std::uint64_t seen_ms = 0;
  // Other threads call the loop by it.
  Wake wake;
  TurnQueue turn_queue;
  std::uint32_t turn = 0;  // of the loop
  // When the loop turned to the connection that it serves now; 0 in a turn in which it does not
  // look at the clock between them.
  std::uint64_t served_since_ns = 0;
  IntrusiveList<Connection, TurnNode> to_settle;
  IntrusiveList<Connection, TurnNode> to_close;
  // Those of all connections, which keep them.
  Gauges connection_gauges{};
  // A descriptor was freed since accepting was tried last.
  bool room_made = false;
  bool stopping = false;
  // A request that begins has to ask shed_reason() first.
  bool may_shed = false;
  // A request that begins now would wait too long for its handler, or behind too many.
  bool handler_queue_full = false;
  // Of one connection; none any more once the server stops.
  std::uint64_t requests_max;
  // How long a connection may wait for its next request.
  std::uint64_t idle_ms;

 private:
  std::unique_ptr<DiskPool> disk_;
  bool memory_short_ = false;
  std::size_t returned_bytes_ = 0;       // to the heap, which has not given them back
  std::uint32_t seconds_returning_ = 0;  // since it was told to
  const std::uint64_t buffered_bytes_low_;

  // So many of each are kept for reuse; a burst beyond it goes back to the heap.
  static constexpr std::size_t free_kept_max = 64;

  std::vector<std::unique_ptr<IncomingMessage>> messages_free_;
  std::vector<std::unique_ptr<WaitingReceives>> waiting_free_;
};

// --- what every request needs of these ---

inline void Connection::schedule() {
  shared_.schedule(*this);
}

inline void H1Session::wait_for(Wait what, std::uint64_t ms) {
  waiting_ = what;
  wait_deadline_ms_ = shared_.clock.now_ms() + ms;
  connection_.inspect_by(wait_deadline_ms_);
}

}  // namespace pelton::http

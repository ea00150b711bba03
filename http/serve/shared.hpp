// What the connections of one core share: the engine, the clock, settings fixed at start, and
// buffers that serve one message at a time. Used on one thread.
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
#include "http/h2/codec.hpp"
#include "http/h2/response_list.hpp"
#include "http/handler.hpp"
#include "http/message/allowed_hosts.hpp"
#include "http/message/refusal.hpp"
#include "http/middleware/chain.hpp"
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
#include "http/serve/request_origin.hpp"
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
  // It also answers OPTIONS requests without a route, and redirects to a path with or without its
  // slash.
  bool unmatched_takes_all = false;
  // Looks up the client's and the server's address of a descriptor.
  std::function<Endpoints(uring::Descriptor)> endpoints_of = kernel_endpoints;
  // Whether requests on a descriptor come by https; empty: none does.
  std::function<bool(uring::Descriptor)> is_secure = {};
  // The origin of every request on a descriptor, where something in front of this server has found
  // it out. Null: it is read from the fields.
  std::function<const RequestOrigin*(uring::Descriptor)> origin_of = {};
  // What reads and writes HTTP/2, for connections that agree on it by ALPN; null: none does.
  h2::CodecSource* h2 = nullptr;
  // Clear-text connections may begin with the preface of HTTP/2 too (H2-001).
  bool h2_by_preface = false;
  // Whose fields say where requests come from. Nobody's, unless it is set.
  ForwardingRules forwarding = {};
  // A request that names another host gets 421.
  AllowedHosts allowed_hosts = {};
  // Where https is served: a request by plain http is redirected there. 0: it is answered.
  std::uint16_t https_port = 0;
  ResponseDefaults response_defaults = {};
  middleware::Config middleware = {};
  WebSocketRules websocket_rules = {};
  SpoolRules spool_rules = {};
  Logs* logs = nullptr;  // null: nothing is logged
  // An event loop with descriptors of its own that takes part in every turn on the same engine. Its
  // operations are polls whose tokens have a generation other than 0, and cancels of generation 0
  // whose completions are ignored.
  uring::Work* companion = nullptr;
  // No other process uses the listeners: a stop shuts them down once their queues are empty.
  bool owns_listeners = false;
  // Shared with the supervisor, in both directions; null without one.
  CoreState* core_state = nullptr;
  // The loop turns at least this often, also when there is nothing to do (PRC-033).
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
  // Why a request that begins now is turned away; none if it is served. Clears `may_shed` once
  // nothing is short any more.
  Reason shed_reason();
  // Handlers that have not finished, including those whose exchange is over.
  std::uint64_t handlers_running() const { return pending.live() + orphans.count(); }
  // Refusals in the error shape of the matched route, or of the server for null.
  const RefusalBodies& refusal_bodies_of(const RouteSettings* matched) const;
  // Threads that wait for the disk in the loop's place; null on the memory engine, whose loop may
  // wait itself.
  DiskPool* disk();
  // Handles a wake-up by another thread.
  void woken();
  std::size_t disk_outstanding() const { return disk_ ? disk_->outstanding() : 0; }
  // Called about once a second: gives back memory that a burst has left unused.
  void give_back_idle();
  // Counts the reason and reports it to the error log; `peer` may be null.
  void tell(Reason reason, EndpointSource* peer);

  uring::Engine& engine;
  uring::ReceiveBuffers& receive_buffers;
  Clock& clock;
  const RouteTable& routes;
  const ServerConfig config;
  Stats& stats;
  const RefusalBodies refusal_bodies;
  const RefusalBodies other_refusal_bodies;  // in the shape that is not the server's
  const ErrorShape error_shape;
  const Handler unmatched;
  const bool unmatched_takes_all;
  const std::function<Endpoints(uring::Descriptor)> endpoints_of;
  const std::function<bool(uring::Descriptor)> is_secure;
  const std::function<const RequestOrigin*(uring::Descriptor)> origin_of;
  h2::CodecSource* const h2;
  const bool h2_by_preface;
  const ForwardingRules forwarding;
  const AllowedHosts allowed_hosts;
  const std::uint16_t https_port;
  const std::unique_ptr<middleware::Chain> chain;  // null: no middleware is on
  // Empty where requests are not numbered.
  std::string_view id_of(const RequestHead& request) const {
    return chain ? chain->id_of(request) : std::string_view();
  }
  const bool answers_at_once;  // Some requests are answered before they are routed.
  const std::uint64_t turn_interval_ms_max;
  uring::Work* const companion;
  const bool owns_listeners;
  CoreState* const core_state;
  Logs* const logs;
  AccessLog* const access_log;  // null: no exchange is logged

  // Used by one message at a time.
  BlockPool blocks;
  h1::ResponseBlocks response_blocks;
  h1::ResponseWriter writer;
  h2::ResponseList h2_response;
  const HeadLimits head_limits;
  const BodyLimits body_limits;
  const Scanner& scanner;
  std::vector<Field> fields;
  std::vector<char> file_octets;  // empty until a file is copied
  HeadParser parser;
  MatchScratch match_scratch;
  // The session whose handler runs now, and the message that holds its request if that was copied
  // out of a lease.
  struct Served {
    const H1Session* session = nullptr;
    std::unique_ptr<IncomingMessage>* message = nullptr;
  };
  Served served;

  Transports transports;
  Slab<Connection> connections;
  HeldDescriptors held;
  Slab<PendingExchange> pending;  // one per connection, or per stream of HTTP/2
  Slab<H1Exchange> h1_exchanges;  // the owners of those in `pending`, but for HTTP/2
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
  // All that arrived until then has been read; deadlines are checked against it.
  std::uint64_t seen_ns = 0;
  std::uint64_t seen_ms = 0;
  // Other threads wake the loop by it.
  Wake wake;
  TurnQueue turn_queue;
  TurnQueue handshakes;    // connections with octets that their filter has to open first
  std::uint32_t turn = 0;  // number of the loop's turn
  // When the loop began to serve the current connection; 0 in a turn that does not read the clock
  // between connections.
  std::uint64_t served_since_ns = 0;
  IntrusiveList<Connection, TurnNode> to_settle;
  IntrusiveList<Connection, TurnNode> to_close;
  // Sums over all connections; each connection updates its own share.
  Gauges connection_gauges{};
  std::uint64_t requests_begun = 0;
  // A descriptor was freed since the last attempt to accept.
  bool room_made = false;
  bool stopping = false;
  // A request that begins must ask shed_reason() first.
  bool may_shed = false;
  // A request that begins now would wait too long for its handler, or after too many others.
  bool handler_queue_full = false;
  // Of one connection; 0 once the server stops.
  std::uint64_t requests_max;
  // How long a connection may wait for its next request.
  std::uint64_t idle_ms;

 private:
  std::unique_ptr<DiskPool> disk_;
  bool memory_short_ = false;
  std::size_t returned_bytes_ = 0;       // to the heap, which still keeps them
  std::uint32_t seconds_returning_ = 0;  // since the heap last returned memory
  const std::uint64_t buffered_bytes_low_;

  // How many of each are kept for reuse; more than these go back to the heap.
  static constexpr std::size_t free_kept_max = 64;

  std::vector<std::unique_ptr<IncomingMessage>> messages_free_;
  std::vector<std::unique_ptr<WaitingReceives>> waiting_free_;
};

// --- needed by every request ---

inline void Connection::schedule() {
  shared_.schedule(*this);
}

inline bool KeepAlive::goes_on(const Shared& shared, const RequestHead& head) const {
  return head.keep_alive && request_count_ < shared.requests_max;
}

inline void H1Session::wait_for(Wait what, std::uint64_t ms) {
  const std::uint64_t until_ms = shared_.clock.now_ms() + ms;
  timer_.wait_for(what, until_ms);
  connection_.inspect_by(until_ms);
}

}  // namespace pelton::http

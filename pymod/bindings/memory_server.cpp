#include "pymod/bindings/memory_server.hpp"

#include <pybind11/stl.h>

#include <string_view>

#include "core/check.hpp"
#include "pymod/bindings/counters.hpp"
#include "pymod/bindings/errors.hpp"
#include "pymod/bridge/python_handler.hpp"

namespace pelton::py {

namespace pb = pybind11;

namespace {

// Null for None: `start_task` then replaces the loop.
LoopObject* loop_of(const pb::object& object, const pb::object& start_task) {
  if (object.is_none() != (PyCallable_Check(start_task.ptr()) != 0)) {
    throw pb::type_error("MemoryServer takes a loop, or start_task instead of one");
  }
  if (object.is_none()) return nullptr;
  LoopObject* const loop = loop_in(object.ptr());
  if (loop == nullptr) raise_set();
  return loop;
}

}  // namespace

MemoryServer::MemoryServer(pb::object application, const pb::dict& config,
                           const ResponseFields& fields, const WebSocketSettings& websockets,
                           const ForwardingSettings& forwarding,
                           const std::vector<std::string>& allowed_hosts, std::uint16_t https_port,
                           pb::object loop, pb::object start_task)
    : application_object_(std::move(application)),
      application_(application_in(application_object_)),
      config_(configuration_from(config)),
      slow_policy_(slow_policy_from(websockets)),
      listener_(engine_.listen()),
      event_loop_object_(std::move(loop)),
      event_loop_(loop_of(event_loop_object_, start_task)),
      start_task_(std::move(start_task)) {
  ApplicationState& state = application_.state_for(config_);
  server_.emplace(http::ServerParts{
      .engine = engine_,
      .clock = clock_,
      .routes = application_.table(),
      .config = config_,
      .stats = stats_,
      .error_shape = application_.error_shape(),
      .unmatched = unmatched_handler(state),
      .unmatched_takes_all = takes_all_unmatched(state),
      .endpoints_of = [this](uring::Descriptor descriptor) { return ends_[descriptor].endpoints; },
      .is_secure = [this](uring::Descriptor descriptor) { return ends_[descriptor].is_secure; },
      .origin_of = [this](uring::Descriptor descriptor) -> const http::RequestOrigin* {
        const auto& origin = ends_[descriptor].origin;
        return origin ? &*origin : nullptr;
      },
      .forwarding = forwarding_from(forwarding),
      .allowed_hosts = allowed_hosts_from(allowed_hosts),
      .https_port = https_port,
      .response_defaults = response_defaults_from(fields),
      .middleware = application_.middleware(),
      .websocket_rules = websocket_rules_from(websockets)});
  server_->listen(listener_);
  loop_.emplace(engine_, clock_, *server_);
}

MemoryServer::~MemoryServer() {
  if (server_) close();
}

MemoryServer::Link& MemoryServer::link(std::uint32_t connection) {
  if (!server_) throw std::runtime_error("the server is closed");
  const auto found = links_.find(connection);
  if (found == links_.end()) throw pb::key_error("no such connection");
  return found->second;
}

// Connections of a closed server are not among them.
bool MemoryServer::was_left(std::uint32_t connection) const {
  return server_ && connection < next_link_ && !links_.contains(connection);
}

bool MemoryServer::run_until_idle() {
  const bool begun = serving_.has_value();
  if (!begun) begin();
  const bool anything = turn_until_idle();
  if (!begun) end();
  return anything;
}

bool MemoryServer::turn_until_idle() {
  if (busy_) throw std::runtime_error("a handler talks to the server that is calling it");
  busy_ = true;
  bool anything = false;
  // The effects of a batch are prepared in the next turn, so one empty turn is not yet the end.
  for (int empty_turns = 0; empty_turns < 2;) {
    empty_turns = loop_->turn({}) == 0 ? empty_turns + 1 : 0;
    anything |= empty_turns == 0;
  }
  busy_ = false;
  return anything;
}

void MemoryServer::begin() {
  if (!serving_.emplace(application_.state_for(config_), event_loop_, start_task_.ptr()).ok()) {
    serving_.reset();
    raise_set();
  }
}

void MemoryServer::end() {
  serving_.reset();
}

bool MemoryServer::turn() {
  return server_ && run_until_idle();
}

std::size_t MemoryServer::pending() {
  const std::size_t exchanges = server_ ? server_->exchanges_pending() : 0;
  std::size_t waiting = 0;
  application_.state_for(config_).for_all(
      [&](const ApplicationState& one) { waiting += one.coroutines_waiting; });
  return exchanges + waiting;
}

uring::Descriptor MemoryServer::descriptor_of(uring::Peer peer) {
  return uring::MemoryEngine::descriptor_first + static_cast<uring::Descriptor>(peer.index);
}

std::uint32_t MemoryServer::connect(const Address& client, const Address& server, bool is_secure,
                                    const std::optional<std::string>& root_path,
                                    std::optional<std::size_t> window_bytes) {
  if (!server_) throw std::runtime_error("the server is closed");
  if (busy_) throw std::runtime_error("a handler talks to the server that is calling it");
  const uring::Peer peer = engine_.connect(listener_);
  const http::Endpoints ends{client.first, client.second, server.first, server.second};
  Ends& known = ends_[descriptor_of(peer)] = {ends, is_secure};
  if (root_path) known.origin = {.ends = ends, .is_secure = is_secure, .root_path = *root_path};
  if (window_bytes) engine_.set_window(peer, *window_bytes);
  links_.emplace(next_link_, Link{peer, ends});
  run_until_idle();
  return next_link_++;
}

void MemoryServer::send(std::uint32_t connection, const pb::bytes& data,
                        const std::optional<std::vector<std::size_t>>& chunks) {
  const Link& to = link(connection);
  if (busy_) throw std::runtime_error("a handler talks to the server that is calling it");
  const std::string_view octets(data);
  if (!chunks) {
    engine_.deliver(to.peer, octets);
  } else {
    std::vector<std::size_t> pieces = *chunks;
    std::size_t rest = octets.size();
    for (const std::size_t piece : pieces) {
      if (piece > rest) throw pb::value_error("the chunks are longer than the data");
      rest -= piece;
    }
    pieces.push_back(rest);
    engine_.deliver(to.peer, octets, pieces);
  }
  run_until_idle();
}

void MemoryServer::finish(std::uint32_t connection) {
  engine_.finish(link(connection).peer);
  run_until_idle();
}

void MemoryServer::leave(std::uint32_t connection) {
  const auto found = links_.find(connection);
  if (found == links_.end()) return;
  engine_.hang_up(found->second.peer);
  links_.erase(found);
}

pb::bytes MemoryServer::receive(std::uint32_t connection) {
  if (was_left(connection)) return "";
  return engine_.take_sent(link(connection).peer);
}

bool MemoryServer::closed(std::uint32_t connection) {
  if (was_left(connection)) return true;
  const uring::Peer peer = link(connection).peer;
  return engine_.closed(peer) || engine_.server_shutdown(peer);
}

bool MemoryServer::has_unread(std::uint32_t connection) {
  return !was_left(connection) && engine_.has_unread(descriptor_of(link(connection).peer));
}

std::vector<std::uint32_t> MemoryServer::news() const {
  std::vector<std::uint32_t> found;
  for (const auto& [connection, link] : links_) {
    const bool is_over = engine_.closed(link.peer) || engine_.server_shutdown(link.peer);
    if (is_over || !engine_.sent(link.peer).empty()) found.push_back(connection);
  }
  return found;
}

std::size_t MemoryServer::publish(std::string_view topic, std::string_view octets, bool is_text) {
  if (!server_) return 0;
  const auto kind = is_text ? http::MessageKind::text : http::MessageKind::binary;
  return server_->topics().publish(topic, kind, octets, slow_policy_);
}

void MemoryServer::close() {
  if (!server_) return;
  if (busy_) throw std::runtime_error("a handler talks to the server that is calling it");
  for (const auto& [index, one] : links_) engine_.hang_up(one.peer);
  links_.clear();
  // No handler begins any more, so another server may serve the application.
  server_->stop();
  turn_until_idle();
  // At the deadline open exchanges are cut; their connections then linger.
  for (const std::uint64_t wait_ms : {drain_timeout_ms(config_), config_.linger_timeout_ms}) {
    clock_.run_ahead((wait_ms + 1) * 1'000'000);
    turn_until_idle();
  }
  CHECK(server_->finished());
  loop_.reset();
  server_.reset();
}

pb::dict MemoryServer::stats() const {
  return counters_of(stats_);
}

void add_memory_server(pb::module_& module) {
  pb::class_<MemoryServer>(module, "MemoryServer",
                           "The same server on the memory engine: bytes in, bytes out.")
      .def(pb::init<pb::object, const pb::dict&, const ResponseFields&, const WebSocketSettings&,
                    const ForwardingSettings&, const std::vector<std::string>&, std::uint16_t,
                    pb::object, pb::object>(),
           pb::arg("application"), pb::kw_only(), pb::arg("config"),
           pb::arg("fields") = no_response_fields,
           pb::arg("websockets") = default_websocket_settings,
           pb::arg("forwarding") = no_forwarding,
           pb::arg("allowed_hosts") = std::vector<std::string>(), pb::arg("https_port") = 0,
           pb::arg("loop") = pb::none(), pb::arg("start_task") = pb::none())
      .def("begin", &MemoryServer::begin, "Handlers may run from now on, on this thread.")
      .def("end", &MemoryServer::end, "They may not any more.")
      .def("turn", &MemoryServer::turn,
           "Turns until nothing more happens by itself; whether anything did.")
      .def("pending", &MemoryServer::pending,
           "Exchanges that wait for their handler, and handlers that are not through.")
      .def("connect", &MemoryServer::connect, pb::arg("client"), pb::arg("server"),
           pb::arg("is_secure") = false, pb::arg("root_path") = pb::none(),
           pb::arg("window") = pb::none(), "A connection of a client that asks by http, or https.")
      .def("send", &MemoryServer::send, pb::arg("connection"), pb::arg("data"),
           pb::arg("chunks") = pb::none(),
           "Delivers octets in pieces of these sizes (the rest in one) and runs until idle.")
      .def("finish", &MemoryServer::finish, pb::arg("connection"), "The client's FIN.")
      .def("leave", &MemoryServer::leave, pb::arg("connection"),
           "The client closes its end and forgets the connection.")
      .def("connections", &MemoryServer::connections, "Those that the client has not left.")
      .def("receive", &MemoryServer::receive, pb::arg("connection"),
           "What the server has sent since the last call.")
      .def("closed", &MemoryServer::closed, pb::arg("connection"))
      .def("has_unread", &MemoryServer::has_unread, pb::arg("connection"),
           "Whether the server has yet to read octets that were sent.")
      .def("news", &MemoryServer::news,
           "The connections that have octets to receive, or that the server has closed.")
      .def("publish", &MemoryServer::publish, pb::arg("topic"), pb::arg("data"), pb::arg("is_text"),
           "Queues a message for every WebSocket that has subscribed; how many will get it.")
      .def("close", &MemoryServer::close)
      .def("stats", &MemoryServer::stats);
}

}  // namespace pelton::py

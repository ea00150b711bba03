// MemoryServer: the server on the memory engine, for the test client. It runs only while it is
// called, so everything happens on the caller's thread.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/stats.hpp"
#include "http/serve/request_origin.hpp"
#include "http/serve/server.hpp"
#include "pymod/bindings/application.hpp"
#include "pymod/bindings/configuration.hpp"
#include "pymod/bridge/serving_state.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::py {

class MemoryServer {
 public:
  using Address = std::pair<std::string, std::uint16_t>;

  // `loop` has an engine of its own, which turns beside the memory engine. If it is None,
  // `start_task` starts coroutines on the loop that runs (ApplicationState::start_task).
  MemoryServer(pybind11::object application, const pybind11::dict& config,
               const ResponseFields& fields, const WebSocketSettings& websockets,
               const ForwardingSettings& forwarding, const std::vector<std::string>& allowed_hosts,
               std::uint16_t https_port, pybind11::object loop, pybind11::object start_task);
  MemoryServer(const MemoryServer&) = delete;
  MemoryServer& operator=(const MemoryServer&) = delete;
  ~MemoryServer();

  // `is_secure`: the request comes by https. With `root_path`, what is in front of this server has
  // taken that off the path. The client holds at most `window_bytes` that it has not received.
  std::uint32_t connect(const Address& client, const Address& server, bool is_secure,
                        const std::optional<std::string>& root_path,
                        std::optional<std::size_t> window_bytes);
  void send(std::uint32_t connection, const pybind11::bytes& data,
            const std::optional<std::vector<std::size_t>>& chunks);
  void finish(std::uint32_t connection);
  // The client closes its end and forgets the connection; the server learns of it in its next turn.
  void leave(std::uint32_t connection);
  // Handlers may run between begin() and end(), on this thread; every call that makes them run must
  // be in between.
  void begin();
  void end();
  // Turns until nothing more happens by itself; returns whether anything happened.
  bool turn();
  // How many exchanges wait for their handler, and how many handlers have not ended.
  std::size_t pending();
  // A connection after leave() is closed and gives no octets.
  pybind11::bytes receive(std::uint32_t connection);
  bool closed(std::uint32_t connection);
  // Whether the server has yet to read octets of the client.
  bool has_unread(std::uint32_t connection);
  // The connections that have octets to receive, or that the server has closed.
  std::vector<std::uint32_t> news() const;
  std::size_t connections() const { return links_.size(); }
  // See Server::publish().
  std::size_t publish(std::string_view topic, std::string_view octets, bool is_text);
  void close();
  pybind11::dict stats() const;

 private:
  // The real time; after the server is closed it runs ahead, so that nothing is waited for.
  class HastyClock final : public Clock {
   public:
    std::uint64_t read_ns() const override { return Clock::read_ns() + ahead_ns_; }
    void refresh() override {
      Clock::refresh();
      reread();
    }
    void run_ahead(std::uint64_t ns) { ahead_ns_ += ns; }

   private:
    std::uint64_t ahead_ns_ = 0;
  };

  struct Link {
    uring::Peer peer;
    http::Endpoints ends;
  };
  struct Ends {
    http::Endpoints endpoints;
    bool is_secure = false;
    std::optional<http::RequestOrigin> origin = {};
  };

  static uring::Descriptor descriptor_of(uring::Peer peer);
  Link& link(std::uint32_t connection);
  bool was_left(std::uint32_t connection) const;
  bool run_until_idle();
  bool turn_until_idle();

  pybind11::object application_object_;
  Application& application_;
  const http::ServerConfig config_;
  const http::SlowPolicy slow_policy_;
  Stats stats_;
  HastyClock clock_;
  uring::MemoryEngine engine_;
  uring::Descriptor listener_;
  std::unordered_map<std::uint32_t, Link> links_;
  std::uint32_t next_link_ = 0;
  // By descriptor, since the server looks them up so.
  std::unordered_map<uring::Descriptor, Ends> ends_;
  std::optional<http::Server> server_;
  std::optional<uring::Loop> loop_;
  pybind11::object event_loop_object_;
  LoopObject* event_loop_;
  pybind11::object start_task_;
  std::optional<ServingState> serving_;
  bool busy_ = false;
};

void add_memory_server(pybind11::module_& module);

}  // namespace pelton::py

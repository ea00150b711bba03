// Server: one core's HTTP server on listening sockets that are already bound.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/core_state.hpp"
#include "core/stats.hpp"
#include "core/stats_segment.hpp"
#include "http/serve/admin_server.hpp"
#include "http/serve/logs.hpp"
#include "http/serve/server.hpp"
#include "pymod/bindings/application.hpp"
#include "pymod/bindings/configuration.hpp"
#include "pymod/bindings/reopen_signal.hpp"
#include "pymod/bindings/stop_signals.hpp"
#include "uring/choice.hpp"

namespace pelton::py {

struct LoopObject;

// The least level of the error log, and whether terminals get the access log and the error log in
// colours.
using LogLooks = std::tuple<std::string, bool, bool>;
// The sockets that get the records of the access log and of the error log instead of files, each
// message some whole records; the caller's.
using LogTakers = std::pair<std::optional<int>, std::optional<int>>;

class Server {
 public:
  struct Options {
    std::string engine;
    std::string access_log;         // empty: none; "-": standard output; else a path
    std::string access_log_format;  // see http::LogFormat
    LogLooks looks;
    LogTakers takers;
    ResponseFields fields;
    WebSocketSettings websockets;
    ForwardingSettings forwarding;
    std::vector<std::string> allowed_hosts;
    std::uint16_t https_port = 0;
    std::optional<pybind11::capsule> http2;    // its codec: see codec_capsule.hpp
    bool h2c = false;                          // also without TLS
    std::optional<pybind11::capsule> filters;  // of `filtered`: see filter_capsule.hpp
    std::vector<int> filtered;                 // listeners whose connections get filters
    std::vector<int> kept;  // listeners of somebody else, which stay open after a stop
    std::optional<std::pair<int, std::uint32_t>> stats;  // a segment's descriptor, owned, and bank
    std::optional<int> admin;  // a listening socket for the admin thread; the caller's
  };

  Server(pybind11::object application, std::vector<int> listeners, const pybind11::dict& config,
         Options options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { close(); }

  // Chooses the engine on this thread; OSError with the cause if the forced one fails. With
  // `signals`, TERM, INT and QUIT stop the server from now until close(): they do not end what the
  // application does after the last request either. `loop` is the event loop of the same thread,
  // not running yet.
  void open(bool signals, pybind11::object loop);
  // Serves on the thread that called open(), until stop(), and returns the exit code. `on_stop`, if
  // it is not None, is called when the stop begins and when its deadline changes.
  int run(const pybind11::object& on_stop);
  // Releases the loop, its engine and the signals, after run().
  void close();
  // Any thread may call this; a server that is not open yet stops as soon as it runs.
  void stop();
  // Whether QUIT came, also after run(), when only the application's work goes on.
  bool quick_stop_wanted() const { return server_ && server_->quick_stop_wanted(); }

  pybind11::object engine() const;
  const std::string& engine_reason() const { return engine_reason_; }
  // The counters of all processes that share the segment, if there is one.
  pybind11::dict stats() const;
  // The last gauges that each serving process has shown, by name, with the process they belong to.
  pybind11::list gauges() const;
  // Returns how many of this server's WebSockets will get it: 0 on any thread but the one that
  // serves.
  std::size_t publish(std::string_view topic, std::string_view octets, bool is_text);
  // Counts messages that did not reach the place they were published to.
  void count_dropped(std::uint64_t messages);
  // Writes a record to the error log; false on any thread but the one that serves, and after the
  // end.
  bool log(std::string_view level, std::string_view logger, std::string_view text);

 private:
  std::unique_ptr<http::Logs> make_logs();
  void show_gauges();

  pybind11::object application_object_;
  Application& application_;
  const std::vector<int> listeners_;
  const http::ServerConfig config_;
  const Options options_;
  const http::SlowPolicy slow_policy_;
  const uring::EngineRequest request_;

  std::optional<StatsSegment> segment_;
  StatsCells own_cells_{};
  CoreState own_state_{};
  CoreState& state_;
  Stats stats_;
  Clock clock_;
  std::string engine_reason_;
  std::unique_ptr<uring::Engine> engine_;
  std::unique_ptr<http::Logs> logs_;
  std::unique_ptr<http::Server> server_;
  pybind11::object loop_object_;
  LoopObject* loop_ = nullptr;
  std::optional<StopSignals> signals_;
  std::optional<ReopenSignal> reopen_signal_;
  std::optional<http::AdminServer> admin_;
  std::thread::id serving_thread_;
  std::uint64_t show_at_ms_ = 0;
  bool stop_wanted_ = false;
  bool running_ = false;
};

void add_server(pybind11::module_& module);

}  // namespace pelton::py

// Server: one core's HTTP server on listening sockets that are already bound.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/stats.hpp"
#include "http/serve/server.hpp"
#include "pymod/bindings/application.hpp"
#include "pymod/bindings/stop_signals.hpp"
#include "uring/choice.hpp"

namespace noria::py {

class Server {
 public:
  Server(pybind11::object application, std::vector<int> listeners, const pybind11::dict& config,
         const std::string& engine);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Chooses the engine on this thread; OSError with the cause if the forced one fails. With
  // `signals`, TERM and INT stop the server from now until it has run.
  void open(bool signals);
  // Serves on the thread that opened until stop() and returns the exit code.
  int run();
  // Any thread; a server that is not open yet stops as soon as it runs.
  void stop();

  pybind11::object engine() const;
  const std::string& engine_reason() const { return engine_reason_; }
  pybind11::dict stats() const;

 private:
  pybind11::object application_object_;
  Application& application_;
  const std::vector<int> listeners_;
  const http::ServerConfig config_;
  const uring::EngineRequest request_;

  Stats stats_;
  Clock clock_;
  std::string engine_reason_;
  std::unique_ptr<uring::Engine> engine_;
  std::unique_ptr<http::Server> server_;
  std::optional<StopSignals> signals_;
  bool stop_wanted_ = false;
  bool running_ = false;
};

void add_server(pybind11::module_& module);

}  // namespace noria::py

#include "pymod/bindings/server.hpp"

#include <pybind11/stl.h>

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "pymod/bindings/configuration.hpp"
#include "pymod/bindings/counters.hpp"
#include "pymod/bindings/errors.hpp"
#include "pymod/bridge/attached.hpp"
#include "pymod/bridge/python_handler.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"
#include "uring/sockets/socket_options.hpp"

namespace noria::py {

namespace {

namespace pb = pybind11;

uring::EngineRequest request_of(const std::string& word) {
  const auto request = uring::engine_request(word);
  if (!request) throw pb::value_error("engine is auto, uring or epoll, not " + word);
  return *request;
}

// The bound on connections that this process can keep: the configured one, or what its descriptors
// allow.
std::uint64_t connections_max_within(std::uint64_t configured) {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) raise_os_error(errno, "getrlimit");
  const std::uint64_t descriptors_max = descriptors.rlim_cur;
  if (configured == http::no_limit) return http::default_connections_max(descriptors_max);
  if (descriptors_max - std::min(descriptors_max, http::descriptors_reserved) < configured) {
    throw pb::value_error("connections_max " + std::to_string(configured) + " and " +
                          std::to_string(http::descriptors_reserved) +
                          " more exceed this process's nofile of " +
                          std::to_string(descriptors_max) + "; raise ulimit -n or lower it");
  }
  return configured;
}

}  // namespace

Server::Server(pb::object application, std::vector<int> listeners, const pb::dict& config,
               const std::string& engine)
    : application_object_(std::move(application)),
      application_(application_in(application_object_)),
      listeners_(std::move(listeners)),
      config_(configuration_from(config)),
      request_(request_of(engine)) {
  application_.table();
}

void Server::open(bool signals) {
  if (engine_) throw std::runtime_error("the server is open already");
  http::ServerConfig config = config_;
  config.connections_max = connections_max_within(config.connections_max);
  auto choice = uring::choose_engine(request_, {}, stats_);
  if (!choice) raise_os_error(0, choice.error().cause + "; " + choice.error().remedy);
  ApplicationState& state = application_.state_for(config_);
  engine_ = std::move(choice->engine);
  engine_reason_ = std::move(choice->reason);
  server_ =
      std::make_unique<http::Server>(http::ServerParts{.engine = *engine_,
                                                       .clock = clock_,
                                                       .routes = application_.table(),
                                                       .config = config,
                                                       .stats = stats_,
                                                       .error_shape = application_.error_shape(),
                                                       .unmatched = unmatched_handler(state)});
  for (const int listener : listeners_) {
    const uring::StreamOptions options{.user_timeout_ms =
                                           static_cast<std::uint32_t>(config_.tcp_user_timeout_ms)};
    if (const int error = uring::set_stream_options(listener, options); error != 0) {
      raise_os_error(error, "cannot set the options of listener " + std::to_string(listener));
    }
    server_->listen(listener);
  }
  if (signals) signals_.emplace(*server_);
  if (stop_wanted_) server_->stop();
}

int Server::run() {
  if (!server_) throw std::runtime_error("the server is not open");
  if (running_ || server_->finished()) throw std::runtime_error("the server runs once");
  running_ = true;
  Attached attached = Attached::by_caller();
  const uring::WaitHook hook = attached.around_wait();
  uring::Loop loop(*engine_, clock_, *server_);
  OwnedRef interruption;
  while (!server_->finished()) {
    loop.turn(hook);
    // A signal that Python itself handles; what its handler raises ends the serving.
    if (PyErr_CheckSignals() != 0) [[unlikely]] {
      interruption = OwnedRef(take_exception());
      server_->stop();
    }
  }
  running_ = false;
  signals_.reset();
  if (interruption) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(interruption.get())), interruption.get());
    raise_set();
  }
  return 0;
}

void Server::stop() {
  stop_wanted_ = true;
  if (server_) server_->stop();
}

pb::object Server::engine() const {
  if (!engine_) return pb::none();
  return pb::str(engine_->kind() == uring::EngineKind::ring ? "uring" : "epoll");
}

pb::dict Server::stats() const {
  return counters_of(stats_);
}

void add_server(pb::module_& module) {
  pb::class_<Server>(module, "Server",
                     "One core's server on listening sockets that are already bound.")
      .def(pb::init<pb::object, std::vector<int>, const pb::dict&, const std::string&>(),
           pb::arg("application"), pb::kw_only(), pb::arg("listeners"), pb::arg("config"),
           pb::arg("engine"))
      .def("open", &Server::open, pb::kw_only(), pb::arg("signals"),
           "Chooses the engine on this thread; OSError with the cause if the forced one "
           "fails.\nWith "
           "`signals`, TERM and INT stop the server from now on, a second one ends the process.")
      .def("run", &Server::run, "Serves until stop() and returns the exit code.")
      .def("stop", &Server::stop, "Begins the graceful stop; from any thread.")
      .def("stats", &Server::stats, "Every counter by its name.")
      .def_property_readonly("engine", &Server::engine)
      .def_property_readonly("engine_reason", &Server::engine_reason);
}

}  // namespace noria::py

#include "pymod/bindings/server.hpp"

#include <pybind11/stl.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "core/log/level.hpp"
#include "core/memory/memory_limit.hpp"
#include "http/serve/spool_space.hpp"
#include "pymod/bindings/codec_capsule.hpp"
#include "pymod/bindings/counters.hpp"
#include "pymod/bindings/errors.hpp"
#include "pymod/bindings/filter_capsule.hpp"
#include "pymod/bridge/python_handler.hpp"
#include "pymod/bridge/serving_state.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"
#include "uring/sockets/socket_options.hpp"

namespace pelton::py {

namespace {

namespace pb = pybind11;

constexpr std::uint64_t heartbeat_ms_max = 1000;  // PRC-033

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

// Sets bounds on this process's buffers and spooled bodies where the configuration does not: its
// share of the memory that the control group allows or the machine has, and of the free space for
// spooled bodies.
void bound_memory(http::ServerConfig& config, std::uint32_t process_count) {
  const std::uint64_t to_share =
      memory_to_share_bytes(memory_limit_bytes(), physical_memory_bytes());
  if (to_share == 0) return;
  const std::uint64_t share = buffer_share_bytes(to_share, process_count, resident_bytes());
  const auto space = http::spool_space();
  if (config.buffered_bytes_high == http::no_limit) {
    config.buffered_bytes_high = http::buffered_bytes_within(share, space);
    if (config.buffered_bytes_low != http::no_limit) {
      config.buffered_bytes_high =
          std::max(config.buffered_bytes_high, config.buffered_bytes_low + 1);
    }
  }
  if (config.spooled_bytes_max == http::no_limit) {
    config.spooled_bytes_max = http::spooled_bytes_within(share, space, process_count);
  }
}

std::optional<StatsSegment> segment_of(const Server::Options& options) {
  if (!options.stats) return std::nullopt;
  auto segment = StatsSegment::attach(options.stats->first);
  if (!segment) throw pb::value_error("the counters cannot be shared: " + segment.error());
  if (options.stats->second >= segment->bank_count()) throw pb::index_error("no such bank");
  return std::optional<StatsSegment>(std::move(*segment));
}

http::LogFormat format_of(const std::string& text, bool is_painted) {
  using Paint = http::LogFormat::Paint;
  auto format = http::LogFormat::parse(text, is_painted ? Paint::status : Paint::none);
  if (!format) throw pb::value_error("access_log_format " + format.error());
  return std::move(*format);
}

LogLevel level_named(std::string_view word) {
  const std::optional<LogLevel> level = log_level_of(word);
  if (!level) throw pb::value_error("there is no log level " + std::string(word));
  return *level;
}

// Standard output or error; a process may have closed it.
LogDestination standard(int descriptor) {
  auto made = LogDestination::of_descriptor(descriptor);
  if (!made) made = LogDestination::of_path("/dev/null");
  if (!made) raise_os_error(made.error(), "cannot open /dev/null");
  return std::move(*made);
}

LogDestination access_destination(const std::string& to) {
  if (to.empty() || to == "-") return standard(STDOUT_FILENO);
  auto made = LogDestination::of_path(to);
  if (!made) raise_os_error(made.error(), "cannot open the access log " + to);
  return std::move(*made);
}

}  // namespace

Server::Server(pb::object application, std::vector<int> listeners, const pb::dict& config,
               Options options)
    : application_object_(std::move(application)),
      application_(application_in(application_object_)),
      listeners_(std::move(listeners)),
      config_(configuration_from(config)),
      options_(std::move(options)),
      slow_policy_(slow_policy_from(options_.websockets)),
      request_(request_of(options_.engine)),
      segment_(segment_of(options_)),
      state_(segment_ ? segment_->state(options_.stats->second) : own_state_),
      stats_(segment_ ? segment_->bank(options_.stats->second) : own_cells_) {
  application_.table();
  logs_ = make_logs();
}

std::unique_ptr<http::Logs> Server::make_logs() {
  const auto& [level, paints_access, paints_errors] = options_.looks;
  const auto& [access_taker, error_taker] = options_.takers;
  auto logs = std::make_unique<http::Logs>(
      access_taker ? standard(*access_taker) : access_destination(options_.access_log),
      standard(error_taker.value_or(STDERR_FILENO)), config_.log_queue_bytes_max, stats_, clock_,
      http::EventLog::Look{.level = level_named(level), .is_painted = paints_errors});
  if (!options_.access_log.empty()) {
    logs->enable_access(format_of(options_.access_log_format, paints_access));
  }
  return logs;
}

void Server::open(bool signals, pb::object loop) {
  if (engine_) throw std::runtime_error("the server is open already");
  http::ServerConfig config = config_;
  config.connections_max = connections_max_within(config.connections_max);
  bound_memory(config, static_cast<std::uint32_t>(state_.worker_count));
  if (request_ != uring::EngineRequest::epoll) state_.enter(Phase::probing);
  auto choice = uring::choose_engine(request_, {}, stats_);
  state_.enter(Phase::absent);
  if (!choice) raise_os_error(0, choice.error().cause + "; " + choice.error().remedy);
  serving_thread_ = std::this_thread::get_id();
  loop_ = loop_in(loop.ptr());
  if (loop_ == nullptr) raise_set();
  loop_object_ = std::move(loop);
  ApplicationState& state = application_.state_for(config_);
  engine_ = std::move(choice->engine);
  loop_->core->attach(*engine_);
  engine_reason_ = std::move(choice->reason);
  server_ = std::make_unique<http::Server>(
      http::ServerParts{.engine = *engine_,
                        .clock = clock_,
                        .routes = application_.table(),
                        .config = config,
                        .stats = stats_,
                        .error_shape = application_.error_shape(),
                        .unmatched = unmatched_handler(state),
                        .unmatched_takes_all = takes_all_unmatched(state),
                        .h2 = options_.http2 ? codecs_in(*options_.http2) : nullptr,
                        .h2_by_preface = options_.h2c,
                        .forwarding = forwarding_from(options_.forwarding),
                        .allowed_hosts = allowed_hosts_from(options_.allowed_hosts),
                        .https_port = options_.https_port,
                        .response_defaults = response_defaults_from(options_.fields),
                        .middleware = application_.middleware(),
                        .websocket_rules = websocket_rules_from(options_.websockets),
                        .logs = logs_.get(),
                        .companion = loop_->core,
                        .owns_listeners = !segment_,
                        .core_state = &state_,
                        .turn_interval_ms_max = heartbeat_ms_max});
  http::FilterSource* const filters = options_.filters ? filters_in(*options_.filters) : nullptr;
  if (filters != nullptr && segment_) filters->share(segment_->ticket_keys());
  for (const int listener : listeners_) {
    const uring::StreamOptions options{.user_timeout_ms =
                                           static_cast<std::uint32_t>(config_.tcp_user_timeout_ms)};
    if (const int error = uring::set_stream_options(listener, options); error != 0) {
      raise_os_error(error, "cannot set the options of listener " + std::to_string(listener));
    }
    const bool is_kept = std::ranges::find(options_.kept, listener) != options_.kept.end();
    const bool is_filtered =
        std::ranges::find(options_.filtered, listener) != options_.filtered.end();
    server_->listen(listener,
                    state_.listeners_shared != 0 ? http::Server::Sharing::with_others
                                                 : http::Server::Sharing::none,
                    is_kept ? http::Server::Owner::somebody_else : http::Server::Owner::us,
                    is_filtered ? filters : nullptr);
  }
  if (options_.admin) {
    state_.process_id = static_cast<std::uint64_t>(::getpid());
    admin_.emplace(*options_.admin, std::vector<const CoreState*>{&state_},
                   config_.watchdog_dump_ms);
    if (!admin_->problem().empty()) {
      raise_os_error(0, "the admin listener cannot be served: " + admin_->problem());
    }
  }
  if (signals) {
    reopen_signal_.emplace(logs_->writer);
    signals_.emplace(*server_);
  }
  if (stop_wanted_) server_->stop();
}

int Server::run(const pb::object& on_stop) {
  if (!server_) throw std::runtime_error("the server is not open");
  if (running_ || server_->finished()) throw std::runtime_error("the server runs once");
  running_ = true;
  const ServingState serving(application_.state_for(config_), loop_);
  if (!serving.ok()) raise_set();
  const uring::WaitHook hook = loop_->core->around_wait();
  uring::Loop loop(*engine_, clock_, *server_, config_.turn_completions_max);
  OwnedRef interruption;
  std::uint64_t told_deadline_ms = 0;
  state_.turned(clock_.now_ms());
  state_.enter(Phase::serving);
  while (!server_->finished()) {
    loop.turn(hook);
    state_.turned(clock_.now_ms());
    if (clock_.now_ms() >= show_at_ms_) [[unlikely]] {
      show_gauges();
      // A supervisor starts the next process; without one, the application lives on.
      if (segment_ && server_->overdue()) break;
    }
    if (server_->stop_noticed()) [[unlikely]]
      state_.stop_begun = 1;
    if (server_->stopping() && server_->stop_deadline_ms() != told_deadline_ms) [[unlikely]] {
      told_deadline_ms = server_->stop_deadline_ms();
      const std::uint64_t left_ms = told_deadline_ms - std::min(told_deadline_ms, clock_.now_ms());
      const double left_s = static_cast<double>(left_ms) / 1000;
      const OwnedRef told(on_stop.is_none() ? Py_NewRef(Py_None)
                                            : PyObject_CallFunction(on_stop.ptr(), "d", left_s));
      if (!told) PyErr_WriteUnraisable(on_stop.ptr());
    }
    if (loop_->core->stopping()) [[unlikely]] {
      // A handler has called loop.stop().
      loop_->core->forget_stop();
      server_->stop();
    }
    if (loop_->core->has_raised()) [[unlikely]] {
      interruption = loop_->core->take_raised();
      server_->stop();
    }
    // A signal that Python itself handles; an exception of its handler ends the serving.
    if (PyErr_CheckSignals() != 0) [[unlikely]] {
      interruption = OwnedRef(take_exception());
      server_->stop();
    }
  }
  running_ = false;
  state_.enter(server_->retired() ? Phase::retired : Phase::ended);
  serving_thread_ = {};
  logs_->writer.finish();
  if (!server_->finished()) {
    // Operations in flight never end, and may still write to this memory: it stays.
    static_cast<void>(server_.release());
    static_cast<void>(engine_.release());
    loop_->core->detach();
    return EXIT_FAILURE;
  }
  if (interruption) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(interruption.get())), interruption.get());
    raise_set();
  }
  return 0;
}

void Server::close() {
  admin_.reset();
  signals_.reset();
  reopen_signal_.reset();
  if (loop_ != nullptr) loop_->core->detach();
  loop_ = nullptr;
  loop_object_ = pb::object();
}

void Server::stop() {
  stop_wanted_ = true;
  if (server_) server_->stop();
}

// Called once a second.
[[gnu::noinline]] void Server::show_gauges() {
  Gauges now = server_->gauges();
  in(now, Gauge::log_queue_bytes) = logs_->writer.bytes_queued();
  in(now, Gauge::engine) = engine_->kind() == uring::EngineKind::ring ? 2 : 1;
  state_.show(now);
  show_at_ms_ = clock_.now_ms() + heartbeat_ms_max;
}

pb::object Server::engine() const {
  if (!engine_) return pb::none();
  return pb::str(engine_->kind() == uring::EngineKind::ring ? "uring" : "epoll");
}

pb::dict Server::stats() const {
  return segment_ ? counters_of(*segment_) : counters_of(stats_);
}

pb::list Server::gauges() const {
  pb::list made;
  const auto add = [&made](const CoreState& state) {
    if (!state.is(Phase::serving)) return;
    const Gauges now = state.shown();
    pb::dict one;
    one["worker"] = state.slot.load(std::memory_order_relaxed);
    for (std::size_t index = 0; index < gauge_count; ++index) {
      one[pb::str(gauge_names[index].data(), gauge_names[index].size())] = now[index];
    }
    made.append(one);
  };
  if (!segment_) {
    add(state_);
    return made;
  }
  for (std::uint32_t bank = 1; bank < segment_->bank_count(); ++bank) {
    add(segment_->state(bank));
  }
  return made;
}

std::size_t Server::publish(std::string_view topic, std::string_view octets, bool is_text) {
  if (!server_ || std::this_thread::get_id() != serving_thread_) return 0;
  const auto kind = is_text ? http::MessageKind::text : http::MessageKind::binary;
  return server_->topics().publish(topic, kind, octets, slow_policy_);
}

void Server::count_dropped(std::uint64_t messages) {
  if (std::this_thread::get_id() != serving_thread_) return;
  for (; messages != 0; --messages) stats_.count(Reason::dropped_websocket_message);
}

bool Server::log(std::string_view level, std::string_view logger, std::string_view text) {
  if (!logs_ || std::this_thread::get_id() != serving_thread_) return false;
  logs_->events.say(level_named(level), logger, text);
  return true;
}

void add_server(pb::module_& module) {
  pb::class_<Server>(module, "Server",
                     "One core's server on listening sockets that are already bound.")
      .def(pb::init([](pb::object application, std::vector<int> listeners, const pb::dict& config,
                       std::string engine, ResponseFields fields, WebSocketSettings websockets,
                       ForwardingSettings forwarding, std::vector<std::string> allowed_hosts,
                       std::uint16_t https_port, std::optional<pb::capsule> http2, bool h2c,
                       std::optional<pb::capsule> filters, std::vector<int> filtered,
                       std::vector<int> kept, std::string access_log, std::string access_log_format,
                       LogLooks log_looks, LogTakers log_takers,
                       std::optional<std::pair<int, std::uint32_t>> stats,
                       std::optional<int> admin) {
             return std::make_unique<Server>(
                 std::move(application), std::move(listeners), config,
                 Server::Options{.engine = std::move(engine),
                                 .access_log = std::move(access_log),
                                 .access_log_format = std::move(access_log_format),
                                 .looks = std::move(log_looks),
                                 .takers = std::move(log_takers),
                                 .fields = std::move(fields),
                                 .websockets = std::move(websockets),
                                 .forwarding = std::move(forwarding),
                                 .allowed_hosts = std::move(allowed_hosts),
                                 .https_port = https_port,
                                 .http2 = std::move(http2),
                                 .h2c = h2c,
                                 .filters = std::move(filters),
                                 .filtered = std::move(filtered),
                                 .kept = std::move(kept),
                                 .stats = stats,
                                 .admin = admin});
           }),
           pb::arg("application"), pb::kw_only(), pb::arg("listeners"), pb::arg("config"),
           pb::arg("engine"), pb::arg("fields") = no_response_fields,
           pb::arg("websockets") = default_websocket_settings,
           pb::arg("forwarding") = no_forwarding,
           pb::arg("allowed_hosts") = std::vector<std::string>(), pb::arg("https_port") = 0,
           pb::arg("http2") = pb::none(), pb::arg("h2c") = false, pb::arg("filters") = pb::none(),
           pb::arg("filtered") = std::vector<int>(), pb::arg("kept") = std::vector<int>(),
           pb::arg("access_log") = "", pb::arg("access_log_format") = "combined",
           pb::arg("log_looks") = LogLooks("info", false, false),
           pb::arg("log_takers") = LogTakers(), pb::arg("stats") = pb::none(),
           pb::arg("admin") = pb::none(),
           "`fields`: whether responses say the date, and what every one gets beside its own. "
           "`websockets`: whether they deflate, the origins listed, and what a topic's slow "
           "receivers are to do: close, drop or wait. "
           "`forwarding`: the peers whose fields say where requests come from; the family of these "
           "fields, x-forwarded, forwarded or none; whether connections begin with a PROXY header. "
           "`allowed_hosts`: those that requests may name; empty for any. "
           "`https_port`: where requests by plain http are redirected to; 0: nowhere. "
           "`http2`: what pelton._http2.codecs() has made, for connections that agree on HTTP/2, "
           "and "
           "with `h2c` for those that begin with it without TLS. "
           "`filters`: what makes filters of connections, such as pelton._tls.load(), and "
           "`filtered`: "
           "the listeners that get them. "
           "`kept`: the listeners that are somebody else's, and stay open after a stop. "
           "`access_log` is empty for none, - for standard output, or a path. `log_looks`: the "
           "least level of the error log, and whether access log and error log are coloured. "
           "`log_takers`: sockets that get the records of these two logs instead. `stats`: the "
           "descriptor of a segment of counters, which the server takes, and its bank there.")
      .def("open", &Server::open, pb::kw_only(), pb::arg("signals"), pb::arg("loop"),
           "Chooses the engine on this thread; OSError with the cause if the forced one fails.\n"
           "With `signals`, TERM, INT and QUIT stop the server from now on, a second TERM or INT "
           "ends the process. `loop` runs on the same engine.")
      .def("close", &Server::close,
           "Lets the loop and the signals go that open() took, after run().")
      .def("run", &Server::run, pb::kw_only(), pb::arg("on_stop") = pb::none(),
           "Serves until stop() and returns the exit code; `on_stop` is told how many seconds "
           "requests have left, when the stop begins and when it becomes a quick one.")
      .def("stop", &Server::stop, "Begins the graceful stop; from any thread.")
      .def("quick_stop_wanted", &Server::quick_stop_wanted,
           "A QUIT came, maybe behind run(), when all that goes on is the application's.")
      .def("stats", &Server::stats,
           "Every counter by its name, over all processes that share their counters.")
      .def("gauges", &Server::gauges,
           "What each process that serves has at the moment, as it last looked, once a second.")
      .def("publish", &Server::publish, pb::arg("topic"), pb::arg("data"), pb::arg("is_text"),
           "Queues a message for every WebSocket that has subscribed; how many will get it. 0 on "
           "any "
           "thread but the one that serves.")
      .def("count_dropped", &Server::count_dropped, pb::arg("messages"),
           "Counts messages that did not get to where they were published to.")
      .def("log", &Server::log, pb::arg("level"), pb::arg("logger"), pb::arg("text"),
           "Adds a record to the error log; False on any thread but the one that serves.")
      .def_property_readonly("engine", &Server::engine)
      .def_property_readonly("engine_reason", &Server::engine_reason);
}

}  // namespace pelton::py

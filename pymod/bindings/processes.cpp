#include "pymod/bindings/processes.hpp"

#include <pybind11/stl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/cores.hpp"
#include "core/fork_guard.hpp"
#include "core/listener_shares.hpp"
#include "core/log/destination.hpp"
#include "core/log/level.hpp"
#include "core/stats.hpp"
#include "core/stats_segment.hpp"
#include "http/serve/admin_server.hpp"
#include "pymod/bindings/configuration.hpp"
#include "pymod/bindings/crash_report.hpp"
#include "pymod/bindings/errors.hpp"
#include "pymod/bindings/heap_growth.hpp"
#include "pymod/bindings/process_title.hpp"
#include "uring/choice.hpp"
#include "uring/ring/features.hpp"
#include "uring/sockets/address.hpp"
#include "uring/sockets/listener.hpp"

namespace pelton::py {

namespace {

namespace pb = pybind11;

std::pair<int, int> bind_listener(const std::string& host, std::uint16_t port, int backlog,
                                  bool reuse_port) {
  // A socket that does not join a shared port must be alone on it; others may join later.
  auto listener = uring::Listener::tcp(
      host, port, backlog, reuse_port ? uring::PortSharing::member : uring::PortSharing::founder);
  if (!listener) raise_os_error(listener.error().error, listener.error().what);
  const int bound_port = listener->port();
  return {listener->release(), bound_port};
}

void steer_by_cpu(int descriptor, const std::vector<unsigned>& cpus, std::size_t sockets) {
  if (!uring::steer_by_cpu(descriptor, cpus, sockets)) {
    raise_os_error(errno, "cannot steer connections by CPU");
  }
}

std::pair<std::string, int> listener_address(int descriptor) {
  const uring::Address address = uring::local_address(descriptor);
  return {address.host, address.port};
}

// One write, so that the lines of several processes do not mix. A line without room is lost: the
// process does not wait for a reader (PRC-050).
void say_to(int descriptor, std::string_view line) {
  auto destination = LogDestination::of_descriptor(descriptor);
  if (!destination) return;
  const std::array<std::string_view, 2> pieces{line, "\n"};
  destination->write(pieces);
}

void say(std::string_view line) {
  say_to(STDERR_FILENO, line);
}

LogLevel level_named(const std::string& word) {
  const std::optional<LogLevel> level = log_level_of(word);
  if (!level) throw pb::value_error("there is no log level " + word);
  return *level;
}

// Bank 0 is the supervisor's.
std::vector<const CoreState*> states_of(StatsSegment& segment) {
  std::vector<const CoreState*> found;
  for (std::uint32_t bank = 1; bank < segment.bank_count(); ++bank) {
    found.push_back(&segment.state(bank));
  }
  return found;
}

// Command, environment and descriptors of a new supervisor, and the descriptor of the pid file.
using Upgrade = std::tuple<std::vector<std::string>, std::vector<std::string>, std::vector<int>,
                           std::optional<int>>;

// The lifetime in ms, the requests, their jitter and the memory of a worker; none: no limit.
using Wear = std::tuple<std::optional<std::uint64_t>, std::optional<std::uint64_t>, std::uint64_t,
                        std::optional<std::uint64_t>>;

std::pair<int, bool> supervise_workers(const std::vector<std::string>& command,
                                       const std::vector<std::vector<int>>& listeners,
                                       std::size_t workers, const pb::dict& given, const Wear& wear,
                                       std::string notify_socket, std::uint64_t notify_watchdog_ms,
                                       const std::vector<int>& kept, std::optional<int> admin,
                                       std::optional<Upgrade> upgrade,
                                       std::optional<int> predecessor, const std::string& log_level,
                                       std::optional<int> log_to) {
  const http::ServerConfig config = configuration_from(given);
  std::function<std::shared_ptr<void>(StatsSegment&)> observe;
  if (admin) {
    observe = [&config, admin](StatsSegment& segment) {
      auto thread =
          std::make_shared<http::AdminServer>(*admin, states_of(segment), config.watchdog_dump_ms);
      if (!thread->problem().empty()) {
        say("pelton: the admin listener is not served: " + thread->problem());
      }
      return thread;
    };
  }
  UpgradeOptions upgrade_options;
  if (upgrade) {
    auto& [program, environment, inherited, pid_file] = *upgrade;
    upgrade_options = {.command = std::move(program),
                       .environment = std::move(environment),
                       .inherited = std::move(inherited),
                       .pid_file = pid_file.value_or(-1)};
  }
  bool owns = !predecessor;
  const CoresOptions options{
      .command = command,
      .listeners = listener_shares(listeners, workers),
      .listeners_kept = kept,
      .graceful_timeout_ms = config.graceful_timeout_ms,
      .lifespan_shutdown_timeout_ms = config.lifespan_shutdown_timeout_ms,
      .worker_start_timeout_ms = config.worker_start_timeout_ms,
      .watchdog_dump_ms = config.watchdog_dump_ms,
      .watchdog_kill_ms = config.watchdog_kill_ms,
      .restarts_burst = config.worker_restarts_burst,
      .restarts_window_ms = config.worker_restarts_window_ms,
      .wear = {.age_ms_max = std::get<0>(wear).value_or(WearLimits::none),
               .requests_max = std::get<1>(wear).value_or(WearLimits::none),
               .requests_jitter = std::get<2>(wear),
               .resident_bytes_max = std::get<3>(wear).value_or(WearLimits::none)},
      .notify_socket = std::move(notify_socket),
      .notify_watchdog_ms = notify_watchdog_ms,
      .report =
          [least = level_named(log_level), log_to](std::string_view text,
                                                   CoresOptions::Weight weight) {
            const bool is_news = weight == CoresOptions::Weight::news;
            if ((is_news ? LogLevel::info : LogLevel::error) < least) return;
            const std::size_t line = text.rfind('\n') + 1;
            const std::string whole =
                std::string(text.substr(0, line)) + "pelton: " + std::string(text.substr(line));
            if (log_to) {
              // One message of a socket, whose reader knows a level by its first word.
              say_to(*log_to, (is_news ? "info " : "error ") + whole);
            } else {
              say(whole);
            }
          },
      .observe = std::move(observe),
      .upgrade = std::move(upgrade_options),
      .predecessor = predecessor.value_or(-1),
      .own = [&owns](bool now) { owns = now; }};
  const pb::gil_scoped_release released;
  const int exit_code = supervise(options);
  return {exit_code, owns};
}

// Keeps memory out of core dumps, unless a setting other than the kernel's own was asked for
// (PRC-053).
void leave_memory_out_of_core_dumps() {
  std::fstream filter("/proc/self/coredump_filter");
  std::string mask;
  if (!(filter >> mask) || mask != "00000033") return;
  filter.seekp(0);
  filter << "0" << std::flush;
}

bool join_supervisor(int supervisor) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) raise_os_error(errno, "prctl");  // PRC-032
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) raise_os_error(errno, "prctl");
  leave_memory_out_of_core_dumps();
  // The supervisor may have ended before prctl().
  return ::getppid() == supervisor;
}

pb::object limit(std::uint64_t value) {
  return value == ~std::uint64_t{0} ? pb::object(pb::str("unlimited"))
                                    : pb::object(pb::int_(value));
}

pb::object optional(const std::optional<int>& value) {
  return value ? pb::object(pb::int_(*value)) : pb::object(pb::none());
}

pb::str text_of(std::string_view text) {
  return {text.data(), text.size()};
}

pb::dict doctor() {
  const uring::EngineOptions options;
  const uring::RingFacts facts = uring::ring_facts(options);
  pb::dict made;
  made["kernel"] = facts.around.kernel_release;
  made["liburing"] = facts.liburing_version.empty() ? "before 2.4" : facts.liburing_version;
  made["io_uring_disabled"] = optional(facts.around.io_uring_disabled);
  made["seccomp_mode"] = optional(facts.around.seccomp_mode);
  made["memlock"] = limit(facts.around.memlock_bytes_max);
  made["nofile"] = limit(facts.around.descriptors_max);
  pb::list flags;
  for (const std::string_view flag : facts.set_up_flags) flags.append(text_of(flag));
  made["set_up_flags"] = flags;
  pb::dict operations;
  for (const uring::OperationFact& fact : facts.operations) {
    operations[text_of(fact.name)] = fact.works;
  }
  made["operations"] = operations;
  made["io_uring_works"] = facts.usable;
  Stats stats;
  const auto choice = uring::choose_engine(uring::EngineRequest::automatic, options, stats);
  if (choice) {
    made["engine"] = choice->engine->kind() == uring::EngineKind::ring ? "uring" : "epoll";
    made["reason"] = choice->reason;
  } else {
    made["engine"] = pb::none();
    made["reason"] = choice.error().cause + "; " + choice.error().remedy;
  }
  return made;
}

}  // namespace

void add_processes(pb::module_& module) {
  module.def("bind_listener", bind_listener, pb::arg("host"), pb::arg("port"), pb::kw_only(),
             pb::arg("backlog"), pb::arg("reuse_port") = true,
             "A listening TCP socket: (descriptor, port).");
  module.def("steer_by_cpu", steer_by_cpu, pb::arg("descriptor"), pb::arg("cpus"),
             pb::arg("sockets"),
             "Connections that come in on cpus[i] go to the (i modulo sockets)th socket bound of "
             "those that share this one's port; OSError if the kernel refuses.");
  module.def("listener_address", listener_address, pb::arg("descriptor"),
             "(host, port) of a TCP listener; an empty host for any other.");
  module.def("say", say, pb::arg("line"),
             "One line on the process's stderr; lost where there is no room for it.");
  module.def("end_forked_child", end_forked_child,
             "Ends this process, a child that came back to its parent's loop, with one line.");
  module.def(
      "supervise", supervise_workers, pb::arg("command"), pb::kw_only(), pb::arg("listeners"),
      pb::arg("workers"), pb::arg("config"), pb::arg("wear") = Wear{},
      pb::arg("notify_socket") = "", pb::arg("notify_watchdog_ms") = 0,
      pb::arg("kept") = std::vector<int>(), pb::arg("admin") = pb::none(),
      pb::arg("upgrade") = pb::none(), pb::arg("predecessor") = pb::none(),
      pb::arg("log_level") = "info", pb::arg("log_to") = pb::none(),
      "Starts one process per worker, keeps them alive, reloads them at HUP, forwards TERM, INT "
      "and QUIT; returns the exit code, and whether the listeners are still this process's.");
  module.def(
      "join_supervisor", join_supervisor, pb::arg("supervisor"),
      "This process ends with its supervisor from now on and gains no privileges; False if that "
      "is gone already.");
  module.def("set_process_title", set_process_title, pb::arg("title"), pb::arg("name"),
             "The command line and the name of the first thread that ps(1) shows of this process.");
  module.def("grow_heap_by_whole_arenas", grow_heap_by_whole_arenas,
             "Arenas of Python's heap come with all their pages from now on.");
  module.def("report_crashes", report_crashes,
             "Logs the native stack of a crash before any handler set so far is called; and when "
             "`stacks_signal` comes.");
  module.attr("stacks_signal") = stacks_signal();
  module.def("doctor", doctor, "What this machine offers and which engine would be chosen.");
}

}  // namespace pelton::py

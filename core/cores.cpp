#include "core/cores.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.hpp"
#include "core/clock.hpp"
#include "core/listener_end.hpp"
#include "core/service_manager.hpp"
#include "core/stats_segment.hpp"
#include "core/worker_patience.hpp"
#include "core/worker_start.hpp"

namespace pelton {
namespace {

constexpr std::uint64_t never_ms = ~std::uint64_t{0};
constexpr std::uint64_t quick_stop_ms = 1000;  // PRC-002: for requests
constexpr std::uint64_t queue_look_ms = 5;     // how often a stop looks at the listeners' queues
constexpr int exit_failed = 1;
constexpr int exit_not_started = 3;

struct Worker {
  pid_t pid = 0;         // 0: not running
  int report_pipe = -1;  // read end, until the worker reported or died
  bool ready = false;
  std::string cause;  // why it did not start, as it reported, or why it was aborted
  std::string trace;  // the lines above `cause` in the report: the application's traceback
  std::uint64_t restarts = 0;
  std::uint64_t start_at_ms = 0;
  std::uint64_t ready_by_ms = never_ms;
  bool epoll_only = false;         // a process of this slot ended because of io_uring
  bool dumped = false;             // stacks were requested for the heartbeat missing now
  std::uint64_t owes_from_ms = 0;  // until then a debugger held it: no heartbeat was expected
  std::uint64_t kill_at_ms = never_ms;
};

// A listening socket that workers share by inheritance: a shutdown(2) acts on all of them.
struct Listener {
  int descriptor;
  std::vector<std::size_t> workers;  // the workers that accept from it
  ListenerEnd end;                   // shuts it down during a stop
};

std::vector<Listener> listeners_of(const std::vector<std::vector<int>>& inherited) {
  std::vector<Listener> found;
  for (std::size_t worker = 0; worker < inherited.size(); ++worker) {
    for (const int descriptor : inherited[worker]) {
      auto listener = std::ranges::find(found, descriptor, &Listener::descriptor);
      if (listener == found.end()) {
        listener = found.insert(found.end(), Listener{descriptor, {}, ListenerEnd(descriptor)});
      }
      listener->workers.push_back(worker);
    }
  }
  return found;
}

class Supervisor {
 public:
  Supervisor(const CoresOptions& options, StatsSegment& segment)
      : options_(options),
        segment_(segment),
        stats_(segment.bank(0)),
        manager_(options.notify_socket),
        workers_(options.listeners.size()),
        listeners_(listeners_of(options.listeners)),
        patience_{options.worker_start_timeout_ms, options.watchdog_dump_ms,
                  options.watchdog_kill_ms, options.graceful_timeout_ms},
        restarts_(options.restarts_burst, options.restarts_window_ms) {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int number :
         {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGCHLD, SIGHUP, SIGUSR2, SIGTTIN, SIGTTOU}) {
      sigaddset(&taken, number);
    }
    CHECK(::sigprocmask(SIG_BLOCK, &taken, &mask_before_) == 0);
    signals_ = ::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    CHECK(signals_ >= 0);
    clock_.refresh();
  }
  Supervisor(const Supervisor&) = delete;
  ~Supervisor() {
    for (Worker& worker : workers_) close_pipe(worker);
    ::close(signals_);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }

  int run() {
    while (!over()) {
      start_due();
      wait();
      clock_.refresh();
      take_signals();
      collect_children();
      read_reports();
      if (stopping_ && clock_.now_ms() >= kill_at_ms_) {
        say("the stop took too long; what is left of it is killed");
        kill_all(SIGKILL);
      }
      if (stopping_) {
        shut_listeners();
      } else {
        watch();
        tell_manager();
      }
    }
    return exit_code_;
  }

 private:
  bool over() const {
    return stopping_ && std::all_of(workers_.begin(), workers_.end(),
                                    [](const Worker& worker) { return worker.pid == 0; });
  }

  void say(const std::string& line) const {
    if (options_.report) options_.report(line);
  }

  void start_due() {
    if (stopping_) return;
    for (std::size_t index = 0; index < workers_.size() && !stopping_; ++index) {
      Worker& worker = workers_[index];
      if (worker.pid == 0 && worker.start_at_ms <= clock_.now_ms()) start(index);
    }
  }

  void start(std::size_t index) {
    Worker& worker = workers_[index];
    sigset_t mask = mask_before_;
    sigaddset(&mask, SIGUSR1);
    CoreState& state = state_of(index);
    state.clear();
    state.listeners_shared = std::ranges::any_of(listeners_, [index](const Listener& listener) {
      return listener.workers.size() > 1 &&
             std::ranges::find(listener.workers, index) != listener.workers.end();
    });
    const auto started =
        start_worker({.command = options_.command,
                      .listeners = options_.listeners[index],
                      .bus_name = options_.bus_name,
                      .bus = options_.bus.empty() ? std::span<const int>{} : options_.bus[index],
                      .stats_descriptor = segment_.descriptor(),
                      .index = index,
                      .restarts = worker.restarts,
                      .epoll_only = worker.epoll_only,
                      .mask = mask});
    if (!started) {
      say("cannot start worker " + std::to_string(index) + ": " + std::strerror(started.error()));
      ended(index, false);
      return;
    }
    worker.pid = started->pid;
    state.process_id = static_cast<std::uint64_t>(started->pid);
    worker.report_pipe = started->report_pipe;
    worker.ready = worker.dumped = false;
    worker.owes_from_ms = 0;
    worker.cause.clear();
    worker.trace.clear();
    worker.ready_by_ms = patience_.ready_by_ms(clock_.now_ms());
    worker.kill_at_ms = never_ms;
  }

  CoreState& state_of(std::size_t index) {
    return segment_.state(static_cast<std::uint32_t>(index) + 1);
  }

  void wait() {
    std::uint64_t wake_ms = stopping_ ? kill_at_ms_ : never_ms;
    if (stopping_ && !options_.keeps_listeners &&
        !std::ranges::all_of(listeners_, &ListenerEnd::is_shut, &Listener::end)) {
      wake_ms = std::min(wake_ms, clock_.now_ms() + queue_look_ms);
    }
    if (!stopping_ && options_.notify_watchdog_ms != 0) {
      wake_ms = std::max(tell_alive_at_ms_, clock_.now_ms());
    }
    std::vector<pollfd> entries{{signals_, POLLIN, 0}};
    for (const Worker& worker : workers_) {
      if (!stopping_) wake_ms = std::min(wake_ms, wake_for(worker));
      if (worker.report_pipe >= 0) entries.push_back({worker.report_pipe, POLLIN, 0});
    }
    int timeout_ms = -1;
    if (wake_ms != never_ms) {
      const std::uint64_t now_ms = clock_.now_ms();
      timeout_ms = wake_ms <= now_ms ? 0 : static_cast<int>(wake_ms - now_ms + 1);
    }
    ::poll(entries.data(), entries.size(), timeout_ms);
  }

  // When the supervisor must act on this worker even if nothing else happens.
  std::uint64_t wake_for(const Worker& worker) const {
    if (worker.pid == 0) return worker.start_at_ms;
    if (!worker.ready) return std::min(worker.ready_by_ms, worker.kill_at_ms);
    const std::uint64_t look_ms = std::min(patience_.look_every_ms, options_.watchdog_dump_ms);
    return std::min(clock_.now_ms() + look_ms, worker.kill_at_ms);
  }

  void take_signals() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGCHLD) continue;
      const int number = static_cast<int>(info.ssi_signo);
      if (number == SIGUSR1) {
        kill_all(SIGUSR1);
      } else if (number == SIGHUP || number == SIGUSR2 || number == SIGTTIN || number == SIGTTOU) {
        say(std::string("SIG") + ::sigabbrev_np(number) + " is not supported; it is ignored");
      } else if (number == SIGQUIT) {
        begin_stop(SIGQUIT, quick_stop_ms + options_.lifespan_shutdown_timeout_ms);
      } else if (!std::exchange(asked_to_stop_, true)) {
        begin_stop(SIGTERM, options_.graceful_timeout_ms);
      } else {
        exit_code_ = 128 + number;
        kill_all(SIGKILL);
      }
    }
  }

  void begin_stop(int number, std::uint64_t within_ms) {
    if (!stopping_) manager_.tell("STOPPING=1");
    stopping_ = true;
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      state_of(index).stop_begun = 1;
      if (!options_.keeps_listeners) state_of(index).listeners_end = 1;
    }
    kill_at_ms_ = std::min(kill_at_ms_, clock_.now_ms() + within_ms + patience_.kill_after_ms);
    kill_all(number);
  }

  // PRC-011: once the queues are empty, a client that connects is refused at once.
  void shut_listeners() {
    if (options_.keeps_listeners) return;
    for (Listener& listener : listeners_) {
      if (listener.end.is_shut()) continue;
      bool served = false;
      bool emptied = true;
      for (const std::size_t index : listener.workers) {
        const bool lives = workers_[index].pid != 0;
        served = served || lives;
        emptied = emptied && (!lives || state_of(index).queues_emptied != 0);
      }
      if (!served) {
        listener.end.shut();
      } else if (emptied) {
        listener.end.proceed(clock_.now_ms());
      }
    }
  }

  // PRC-054: sends READY once, after all workers have started for the first time; then a sign of
  // life as long as every loop gives one.
  void tell_manager() {
    const bool all_ready = std::all_of(workers_.begin(), workers_.end(),
                                       [](const Worker& worker) { return worker.ready; });
    if (!told_ready_ && all_ready) {
      // If the manager's queue is full, the next turn tries again.
      told_ready_ = manager_.tell("READY=1\nSTATUS=serving");
    }
    if (options_.notify_watchdog_ms == 0 || clock_.now_ms() < tell_alive_at_ms_) return;
    tell_alive_at_ms_ = clock_.now_ms() + options_.notify_watchdog_ms / 2;
    const bool stuck = std::any_of(workers_.begin(), workers_.end(),
                                   [](const Worker& worker) { return worker.dumped; });
    if (!stuck) manager_.tell("WATCHDOG=1");
  }

  // LIM-092, PRC-034: ends workers that do not become ready or that stop turning their loop.
  void watch() {
    const std::uint64_t now_ms = clock_.now_ms();
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      Worker& worker = workers_[index];
      if (worker.pid == 0) continue;
      if (now_ms >= worker.kill_at_ms) {
        ::kill(worker.pid, SIGKILL);
        worker.kill_at_ms = never_ms;
      }
      if (is_debugged(worker)) {
        worker.owes_from_ms = now_ms;
        if (!worker.ready) worker.ready_by_ms = patience_.ready_by_ms(now_ms);
      } else if (worker.ready) {
        watch_heartbeat(index, now_ms);
      } else if (now_ms >= worker.ready_by_ms) {
        worker.ready_by_ms = never_ms;
        stats_.count(Reason::fault_worker_start);
        abort_worker(worker, "cannot start: a worker was not ready within " +
                                 std::to_string(options_.worker_start_timeout_ms) +
                                 " ms; what it waits for at its start takes too long");
      }
    }
  }

  // A worker leads its own process group. For a debugger's prompt it joins the supervisor's group,
  // to which the terminal belongs.
  static bool is_debugged(const Worker& worker) { return ::getpgid(worker.pid) == ::getpgrp(); }

  void watch_heartbeat(std::size_t index, std::uint64_t now_ms) {
    Worker& worker = workers_[index];
    const CoreState& state = state_of(index);
    const std::uint64_t shown_ms = state.heartbeat_ms.load(std::memory_order_relaxed);
    const std::uint64_t beat_ms = shown_ms == 0 ? 0 : std::max(shown_ms, worker.owes_from_ms);
    const bool over = beat_ms != 0 && !state.is(Phase::serving);
    if (over && patience_.gone_by_ms(beat_ms) <= now_ms && worker.cause.empty()) {
      abort_worker(worker, "its shutdown took longer than timeouts.graceful");
    }
    const Silence silence = patience_.silence(beat_ms, now_ms);
    if (!state.is(Phase::serving) || silence == Silence::none) {
      worker.dumped = false;
      return;
    }
    const auto say_silent = [&](const char* outcome) {
      say(name_of_worker(index, worker.pid) + "has not turned its loop for " +
          std::to_string(now_ms - beat_ms) + " ms; " + outcome);
    };
    if (!worker.dumped) {
      worker.dumped = true;
      stats_.count(Reason::fault_worker_stuck);
      say_silent("its stacks follow");
      ::kill(worker.pid, stacks_signal());
    }
    if (silence == Silence::ended && worker.cause.empty()) {
      say_silent("it is ended");
      abort_worker(worker, "its loop was stuck");
    }
  }

  // The worker logs its stacks and ends; if it does not, it is killed later.
  void abort_worker(Worker& worker, std::string cause) {
    worker.cause = std::move(cause);
    ::kill(worker.pid, SIGABRT);
    worker.kill_at_ms = clock_.now_ms() + patience_.abort_ms;
  }

  void kill_all(int number) {
    for (const Worker& worker : workers_) {
      if (worker.pid != 0) ::kill(worker.pid, number);
    }
    if (number == SIGKILL) kill_at_ms_ = never_ms;
  }

  void collect_children() {
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      Worker& worker = workers_[index];
      int status = 0;
      if (worker.pid == 0 || ::waitpid(worker.pid, &status, WNOHANG) != worker.pid) continue;
      const pid_t pid = worker.pid;
      worker.pid = 0;
      state_of(index).process_id = 0;
      // The report may still be in the pipe.
      read_reports();
      close_pipe(worker);
      if (stopping_ && worker.ready && WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        say(obituary(index, pid, status));
      }
      if (stopping_) continue;
      stats_.count(Reason::fault_worker_crash);
      const bool retired = state_of(index).is(Phase::retired);
      const bool killed_by_trial = WIFSIGNALED(status) && state_of(index).is(Phase::probing);
      if ((retired || killed_by_trial) && !worker.epoll_only) {
        // The application is not at fault: a filter kills processes that use io_uring (ENG-004), or
        // a ring that worked has failed (ENG-032, ENG-034, ENG-036).
        worker.epoll_only = true;
        stats_.count(Reason::fallback_engine_epoll);
        say(obituary(index, pid, status) +
            (retired ? " as io_uring failed" : " as it tried io_uring") +
            "; it starts again with epoll");
        ++worker.restarts;
        worker.start_at_ms = clock_.now_ms();
        continue;
      }
      if (any_was_ready_ || worker.cause.empty()) {
        say(obituary(index, pid, status));
      } else {
        // The cause keeps every worker from starting: reported once, without a worker's name.
        say(worker.trace + worker.cause);
      }
      ended(index, worker.ready);
    }
  }

  std::string obituary(std::size_t index, pid_t pid, int status) const {
    std::string text = workers_[index].trace + name_of_worker(index, pid) + end_of_worker(status);
    if (!workers_[index].cause.empty()) text += ": " + workers_[index].cause;
    return text;
  }

  // Schedules the next worker of a slot whose worker has gone, or begins a stop.
  void ended(std::size_t index, bool was_ready) {
    if (!any_was_ready_ && !was_ready) {
      exit_code_ = exit_not_started;
      begin_stop(SIGTERM, options_.graceful_timeout_ms);
      return;
    }
    Worker& worker = workers_[index];
    ++worker.restarts;
    worker.start_at_ms = restarts_.start_at_ms(clock_.now_ms());
    if (restarts_.crowded() && !slow_told_) {
      const std::string line = "workers have died " + std::to_string(restarts_.count()) +
                               " times within " + std::to_string(options_.restarts_window_ms) +
                               " ms; one is started a second from now on";
      say(line);
      manager_.tell("STATUS=" + line);
    }
    slow_told_ = restarts_.crowded();
  }

  void read_reports() {
    for (Worker& worker : workers_) {
      if (worker.report_pipe < 0) continue;
      const std::optional<std::string> report = report_in(worker.report_pipe);
      if (!report) continue;
      if (*report == worker_is_ready) {
        worker.ready = any_was_ready_ = true;
      } else if (!report->empty()) {
        const std::size_t line = report->rfind('\n') + 1;
        worker.trace = report->substr(0, line);
        worker.cause = report->substr(line);
      }
      close_pipe(worker);
    }
  }

  static void close_pipe(Worker& worker) {
    if (worker.report_pipe >= 0) ::close(worker.report_pipe);
    worker.report_pipe = -1;
  }

  const CoresOptions& options_;
  StatsSegment& segment_;
  Stats stats_;
  Clock clock_;
  ServiceManager manager_;
  std::uint64_t tell_alive_at_ms_ = 0;
  std::vector<Worker> workers_;
  std::vector<Listener> listeners_;
  const WorkerPatience patience_;
  RestartWindow restarts_;
  sigset_t mask_before_;
  int signals_ = -1;
  int exit_code_ = 0;
  bool stopping_ = false;
  bool any_was_ready_ = false;
  bool asked_to_stop_ = false;  // by TERM or INT
  bool slow_told_ = false;
  bool told_ready_ = false;
  std::uint64_t kill_at_ms_ = never_ms;
};

}  // namespace

int stacks_signal() {
  return SIGRTMIN + 1;
}

int supervise(const CoresOptions& options) {
  CHECK(!options.command.empty() && !options.listeners.empty());
  // A bank for the supervisor, and one for each worker.
  auto segment = StatsSegment::create(static_cast<std::uint32_t>(options.listeners.size()) + 1);
  if (!segment) {
    if (options.report) {
      options.report(std::string("cannot make the counters that workers share: ") +
                     std::strerror(segment.error()));
    }
    return exit_failed;
  }
  const std::shared_ptr<void> observer = options.observe ? options.observe(*segment) : nullptr;
  return Supervisor(options, *segment).run();
}

}  // namespace pelton

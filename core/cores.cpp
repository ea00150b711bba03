#include "core/cores.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "core/check.hpp"
#include "core/clock.hpp"
#include "core/stats_segment.hpp"

extern char** environ;

namespace noria {
namespace {

constexpr std::uint64_t never_ms = ~std::uint64_t{0};
constexpr std::uint64_t slow_restart_ms = 1000;  // LIM-094: after the burst, one a second
constexpr std::uint64_t kill_after_ms = 1000;    // beyond the graceful timeout (PRC-017)
constexpr int exit_failed = 1;
constexpr int exit_not_started = 3;

struct Worker {
  pid_t pid = 0;         // 0: not running
  int report_pipe = -1;  // read end, until the worker reported or died
  bool ready = false;
  std::string cause;  // why it did not start, in its own words
  std::uint64_t restarts = 0;
  std::uint64_t start_at_ms = 0;
};

class Supervisor {
 public:
  Supervisor(const CoresOptions& options, StatsSegment& segment)
      : options_(options),
        segment_(segment),
        stats_(segment.bank(0)),
        workers_(options.listeners.size()) {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGCHLD}) sigaddset(&taken, number);
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
      if (stopping_ && clock_.now_ms() >= kill_at_ms_) kill_all(SIGKILL);
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
    int ends[2];
    CHECK(::pipe2(ends, O_CLOEXEC) == 0);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    std::string listeners;
    for (const int descriptor : options_.listeners[index]) {
      // A descriptor duplicated onto itself loses close-on-exec in the child alone (ENG-051).
      ::posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor);
      if (!listeners.empty()) listeners += ',';
      listeners += std::to_string(descriptor);
    }
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], ends[1]);
    ::posix_spawn_file_actions_adddup2(&actions, segment_.descriptor(), segment_.descriptor());

    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t mask = mask_before_;
    sigaddset(&mask, SIGUSR1);
    ::posix_spawnattr_setsigmask(&attributes, &mask);
    // A group of its own: a terminal's Ctrl-C reaches the supervisor alone, which passes it on
    // once.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);

    const std::vector<std::string> environment = environment_of(index, listeners, ends[1]);
    std::vector<char*> arguments = pointers_to(options_.command);
    std::vector<char*> variables = pointers_to(environment);
    const int error = ::posix_spawnp(&worker.pid, arguments[0], &actions, &attributes,
                                     arguments.data(), variables.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) {
      worker.pid = 0;
      ::close(ends[0]);
      say("cannot start worker " + std::to_string(index) + ": " + std::strerror(error));
      ended(index, false);
      return;
    }
    worker.ready = false;
    worker.cause.clear();
    worker.report_pipe = ends[0];
  }

  std::vector<std::string> environment_of(std::size_t index, const std::string& listeners,
                                          int report) const {
    const std::string ours[] = {
        std::string(worker_id_variable) + "=" + std::to_string(index),
        std::string(worker_restarts_variable) + "=" + std::to_string(workers_[index].restarts),
        std::string(stats_variable) + "=" + std::to_string(segment_.descriptor()) + "," +
            std::to_string(index + 1),
        std::string(listeners_variable) + "=" + listeners,
        std::string(report_variable) + "=" + std::to_string(report),
    };
    std::vector<std::string> environment(std::begin(ours), std::end(ours));
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (!std::string_view(*entry).starts_with("NORIA_WORKER_")) environment.emplace_back(*entry);
    }
    return environment;
  }

  static std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
  }

  void wait() {
    std::uint64_t wake_ms = stopping_ ? kill_at_ms_ : never_ms;
    std::vector<pollfd> entries{{signals_, POLLIN, 0}};
    for (const Worker& worker : workers_) {
      if (!stopping_ && worker.pid == 0) wake_ms = std::min(wake_ms, worker.start_at_ms);
      if (worker.report_pipe >= 0) entries.push_back({worker.report_pipe, POLLIN, 0});
    }
    int timeout_ms = -1;
    if (wake_ms != never_ms) {
      const std::uint64_t now_ms = clock_.now_ms();
      timeout_ms = wake_ms <= now_ms ? 0 : static_cast<int>(wake_ms - now_ms + 1);
    }
    ::poll(entries.data(), entries.size(), timeout_ms);
  }

  void take_signals() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGCHLD) continue;
      const int number = static_cast<int>(info.ssi_signo);
      if (number == SIGUSR1) {
        kill_all(SIGUSR1);
        continue;
      }
      if (!stopping_) {
        stopping_ = true;
        kill_at_ms_ = clock_.now_ms() + options_.graceful_timeout_ms + kill_after_ms;
        kill_all(SIGTERM);
      } else {
        exit_code_ = 128 + number;
        kill_all(SIGKILL);
      }
    }
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
      // The report may still be in the pipe.
      read_reports();
      close_pipe(worker);
      if (stopping_) continue;
      stats_.count(Reason::fault_worker_crash);
      if (any_was_ready_ || worker.cause.empty()) {
        say(obituary(index, pid, status));
      } else {
        // What keeps one from starting keeps them all: said once, and not whose it was.
        say(worker.cause);
      }
      ended(index, worker.ready);
    }
  }

  std::string obituary(std::size_t index, pid_t pid, int status) const {
    std::string text = "worker " + std::to_string(index) + " (pid " + std::to_string(pid) + ") ";
    text += WIFSIGNALED(status) ? "was killed by signal " + std::to_string(WTERMSIG(status))
                                : "exited with " + std::to_string(WEXITSTATUS(status));
    if (!workers_[index].cause.empty()) text += ": " + workers_[index].cause;
    return text;
  }

  // Decides what becomes of a slot whose worker is gone.
  void ended(std::size_t index, bool was_ready) {
    if (!any_was_ready_ && !was_ready) {
      stopping_ = true;
      exit_code_ = exit_not_started;
      kill_at_ms_ = clock_.now_ms() + options_.graceful_timeout_ms + kill_after_ms;
      kill_all(SIGTERM);
      return;
    }
    const std::uint64_t now_ms = clock_.now_ms();
    while (!restarts_.empty() && restarts_.front() + options_.restarts_window_ms <= now_ms) {
      restarts_.pop_front();
    }
    Worker& worker = workers_[index];
    ++worker.restarts;
    worker.start_at_ms =
        restarts_.size() < options_.restarts_burst ? now_ms : now_ms + slow_restart_ms;
    restarts_.push_back(worker.start_at_ms);
  }

  void read_reports() {
    for (Worker& worker : workers_) {
      if (worker.report_pipe < 0) continue;
      pollfd entry{worker.report_pipe, POLLIN, 0};
      if (::poll(&entry, 1, 0) != 1) continue;
      // A report is one write of at most PIPE_BUF octets, so it is here whole or not at all.
      char octets[PIPE_BUF];
      const ssize_t bytes = ::read(worker.report_pipe, octets, sizeof octets);
      std::string_view report(octets, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
      report = report.substr(0, report.find('\n'));
      if (report == worker_is_ready) {
        worker.ready = any_was_ready_ = true;
      } else {
        worker.cause = report;
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
  std::vector<Worker> workers_;
  std::deque<std::uint64_t> restarts_;  // when, within the window
  sigset_t mask_before_;
  int signals_ = -1;
  int exit_code_ = 0;
  bool stopping_ = false;
  bool any_was_ready_ = false;
  std::uint64_t kill_at_ms_ = never_ms;
};

}  // namespace

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
  return Supervisor(options, *segment).run();
}

}  // namespace noria

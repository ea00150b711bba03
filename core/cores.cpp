#include "core/cores.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>

#include "core/check.hpp"
#include "core/clock.hpp"
#include "core/listener_end.hpp"
#include "core/listener_shares.hpp"
#include "core/memory/memory_limit.hpp"
#include "core/reload_askers.hpp"
#include "core/service_manager.hpp"
#include "core/stats_segment.hpp"
#include "core/successor.hpp"
#include "core/worker_bus.hpp"
#include "core/worker_patience.hpp"
#include "core/worker_room.hpp"
#include "core/worker_start.hpp"

namespace pelton {
namespace {

constexpr std::uint64_t never_ms = ~std::uint64_t{0};
constexpr std::uint64_t quick_stop_ms = 1000;  // PRC-002: for requests
constexpr std::uint64_t queue_look_ms = 5;     // how often a stop looks at the listeners' queues
// A successor judges its workers itself. Its predecessor waits so much longer, to hear the cause.
constexpr std::uint64_t successor_start_ms = 5000;
constexpr int exit_failed = 1;
constexpr int exit_not_started = 3;

// One process. Its slot is the place that it fills, its bank that of the counters
// (stats_segment.hpp).
struct Worker {
  std::size_t slot;
  std::uint32_t bank;
  std::vector<int> listeners;
  pid_t pid;
  int report_pipe;  // read end, until the worker reported or died
  bool ready = false;
  bool leaving = false;  // asked to end; another process has its slot, or will have
  std::string cause;     // why it did not start, as it reported, or why it was aborted
  std::string trace;     // the lines above `cause` in the report: the application's traceback
  std::uint64_t ready_by_ms = never_ms;
  bool dumped = false;             // stacks were requested for the heartbeat missing now
  std::uint64_t owes_from_ms = 0;  // until then a debugger held it: no heartbeat was expected
  std::uint64_t kill_at_ms = never_ms;
  std::uint64_t started_ms = 0;
  WearLimits wear;
};

struct Slot {
  Worker* current = nullptr;
  Worker* next = nullptr;  // takes the slot when every process of the change is ready
  std::vector<int> listeners;
  bool shares_listeners = false;  // with other slots
  std::uint64_t processes = 0;    // started so far
  std::uint64_t start_at_ms = 0;
  bool epoll_only = false;  // a process of this slot ended because of io_uring
};

// New processes start beside those that serve and replace them, or none of them does.
struct Change {
  enum class Kind : std::uint8_t {
    reload,   // all processes
    count,    // another number of workers: the processes that it concerns
    renewal,  // one worker that has reached a limit
  };
  Kind kind;
  std::size_t count;
  std::vector<std::vector<int>> listeners;  // by slot
};

// A listening socket that workers share by inheritance: a shutdown(2) acts on all of them.
struct Listener {
  int descriptor;
  ListenerEnd end;  // shuts it down during a stop
};

// Those that a stop shuts down.
std::vector<Listener> listeners_to_end(const CoresOptions& options) {
  const auto all = listener_shares(options.listeners, 1);
  std::vector<Listener> listeners;
  const std::vector<int>& kept = options.listeners_kept;
  for (const int one : all.front())
    if (std::ranges::find(kept, one) == kept.end()) listeners.push_back({one, ListenerEnd(one)});
  return listeners;
}

class Supervisor {
 public:
  Supervisor(const CoresOptions& options, StatsSegment& segment, const WorkerBus& bus)
      : options_(options),
        segment_(segment),
        bus_(bus),
        stats_(segment.bank(0)),
        manager_(options.notify_socket),
        slots_(slots_for(options.listeners.size())),
        count_(options.listeners.size()),
        count_wanted_(count_),
        listeners_(listeners_to_end(options)),
        keeps_listeners_(options.predecessor >= 0),
        predecessor_(options.predecessor),
        patience_{options.worker_start_timeout_ms, options.watchdog_dump_ms,
                  options.watchdog_kill_ms, options.graceful_timeout_ms},
        restarts_(options.restarts_burst, options.restarts_window_ms) {
    for (std::size_t index = 0; index < count_; ++index) {
      slots_[index].listeners = options.listeners[index];
      slots_[index].shares_listeners = shares_listener(options.listeners, index);
    }
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
    if (!predecessor_.is_there()) observe();
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
      begin_due_change();
      begin_due_upgrade();
      wait();
      clock_.refresh();
      take_signals();
      collect_children();
      read_reports();
      heed_successor();
      heed_predecessor();
      if (stopping_ && clock_.now_ms() >= kill_at_ms_) {
        say("the stop took too long; what is left of it is killed");
        kill_all(SIGKILL);
      }
      if (stopping_) {
        shut_listeners();
        manager_.tell_waiting();
      } else {
        watch();
        end_change_if_ready();
        tell_manager();
      }
    }
    return exit_code_;
  }

 private:
  bool over() const { return stopping_ && workers_.empty() && !successor_; }

  void observe() {
    if (options_.observe) observer_ = options_.observe(segment_);
  }
  void own(bool listeners) const { options_.own(listeners); }

  void say(const std::string& line) const { options_.report(line, CoresOptions::Weight::trouble); }
  void tell(const std::string& line) const { options_.report(line, CoresOptions::Weight::news); }

  // --- starting ---

  void start_due() {
    for (std::size_t index = 0; index < count_ && !stopping_; ++index) {
      Slot& slot = slots_[index];
      if (slot.current != nullptr || slot.start_at_ms > clock_.now_ms()) continue;
      const auto started = start(index, slot.listeners, slot.shares_listeners, count_);
      if (started) {
        slot.current = *started;
      } else {
        say(cannot_start(index, started.error()));
        ended(index, false);
      }
    }
  }

  static std::string cannot_start(std::size_t index, int error) {
    return "cannot start worker " + std::to_string(index) + ": " + std::strerror(error);
  }

  // A process for the slot, of so many that will serve; the error is an errno.
  std::expected<Worker*, int> start(std::size_t index, const std::vector<int>& listeners,
                                    bool shares_listeners, std::size_t count) {
    Slot& slot = slots_[index];
    sigset_t mask = mask_before_;
    sigaddset(&mask, SIGUSR1);
    const std::optional<std::uint32_t> bank = free_bank();
    if (!bank) return std::unexpected(EAGAIN);
    CoreState& state = segment_.state(*bank);
    state.clear();
    state.slot = index;
    state.worker_count = count;
    const bool reloads = is_reloading() && slot.current != nullptr;
    state.generation = generation_ + (reloads ? 1 : 0);
    state.restarts = slot.processes;
    state.listeners_shared = shares_listeners ? 1 : 0;
    const std::vector<int> bus_descriptors = bus_.descriptors_of(index);
    const auto started = start_worker({.command = options_.command,
                                       .listeners = listeners,
                                       .listeners_kept = options_.listeners_kept,
                                       .bus_name = bus_.name(),
                                       .bus = bus_descriptors,
                                       .stats_descriptor = segment_.descriptor(),
                                       .bank = *bank,
                                       .index = index,
                                       .count = count,
                                       .restarts = slot.processes++,
                                       .generation = state.generation,
                                       .epoll_only = slot.epoll_only,
                                       .mask = mask});
    if (!started) return std::unexpected(started.error());
    workers_.push_back({.slot = index,
                        .bank = *bank,
                        .listeners = listeners,
                        .pid = started->pid,
                        .report_pipe = started->report_pipe,
                        .ready_by_ms = patience_.ready_by_ms(clock_.now_ms()),
                        .started_ms = clock_.now_ms(),
                        .wear = options_.wear.of_worker(std::random_device()())});
    state.process_id = static_cast<std::uint64_t>(started->pid);
    return &workers_.back();
  }

  std::optional<std::uint32_t> free_bank() const {
    for (std::uint32_t bank = 1; bank < segment_.bank_count(); ++bank) {
      if (std::ranges::find(workers_, bank, &Worker::bank) == workers_.end()) return bank;
    }
    return std::nullopt;
  }

  CoreState& state_of(const Worker& worker) { return segment_.state(worker.bank); }

  // --- reload, and another number of workers ---

  // One thing at a time.
  bool may_change() const {
    return any_was_ready_ && !stopping_ && !change_ && !successor_ && !predecessor_.is_there();
  }
  bool is_reloading() const { return change_ && change_->kind == Change::Kind::reload; }

  void begin_due_change() {
    if (!may_change()) return;
    if (!reload_wanted_ && count_wanted_ == count_) return begin_due_renewal();
    Change change{.kind = reload_wanted_ ? Change::Kind::reload : Change::Kind::count,
                  .count = count_wanted_,
                  .listeners = listener_shares(options_.listeners, count_wanted_)};
    std::vector<std::size_t> renewed;
    for (std::size_t index = 0; index < change.count; ++index) {
      if (reload_wanted_ || index >= count_ || slots_[index].listeners != change.listeners[index] ||
          slots_[index].shares_listeners != shares_listener(change.listeners, index)) {
        renewed.push_back(index);
      }
    }
    if (!has_room_for(renewed.size())) return;
    change_ = std::move(change);
    reload_wanted_ = false;
    if (is_reloading()) {
      askers_.begin();
      tell("reload: generation " + std::to_string(generation_ + 1) + " starts");
      manager_.tell_later("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(clock_.read_ns() / 1000));
    }
    for (const std::size_t index : renewed) {
      if (!start_next(index)) return;
    }
  }

  // Further banks are for workers that die meanwhile. Without room a change waits for processes
  // that leave.
  bool has_room_for(std::size_t processes) const {
    return workers_.size() + processes + count_ < segment_.bank_count();
  }

  void begin_due_renewal() {
    const std::uint64_t now_ms = clock_.now_ms();
    if (!options_.wear.any() || now_ms < renewal_at_ms_ || !has_room_for(1)) return;
    renewal_at_ms_ = now_ms + WearLimits::look_every_ms;
    const Worker* oldest =
        nullptr;  // of those that have reached a limit, so that all get their turn
    for (std::size_t index = 0; index < count_; ++index) {
      const Worker* const worker = slots_[index].current;
      if (worker == nullptr || !worker->ready || reached_by(*worker).empty()) continue;
      if (oldest == nullptr || worker->started_ms < oldest->started_ms) oldest = worker;
    }
    if (oldest == nullptr) return;
    tell(name_of_worker(oldest->slot, oldest->pid) + "is replaced after " + reached_by(*oldest));
    change_ = Change{.kind = Change::Kind::renewal,
                     .count = count_,
                     .listeners = listener_shares(options_.listeners, count_)};
    start_next(oldest->slot);
  }

  std::string reached_by(const Worker& worker) const {
    const Gauges gauges = segment_.state(worker.bank).shown();
    return worker.wear.reached_by(
        {.age_ms = clock_.now_ms() - worker.started_ms,
         .requests = gauges[static_cast<std::size_t>(Gauge::requests)],
         .resident_bytes = resident_bytes(static_cast<std::uint64_t>(worker.pid))});
  }

  // False if that has ended the change.
  bool start_next(std::size_t index) {
    const auto started = start(index, change_->listeners[index],
                               shares_listener(change_->listeners, index), change_->count);
    if (started) slots_[index].next = *started;
    if (!started) fail_change(cannot_start(index, started.error()));
    return started.has_value();
  }

  void end_change_if_ready() {
    if (!change_) return;
    for (const Slot& slot : slots_) {
      if (slot.next != nullptr && !slot.next->ready) return;
    }
    for (std::size_t index = 0; index < slots_.size(); ++index) {
      Slot& slot = slots_[index];
      if (slot.current != nullptr && (slot.next != nullptr || index >= change_->count)) {
        dismiss(*std::exchange(slot.current, nullptr));
      }
      if (slot.next != nullptr) slot.current = std::exchange(slot.next, nullptr);
      if (index >= change_->count) continue;
      slot.shares_listeners = shares_listener(change_->listeners, index);
      slot.listeners = change_->listeners[index];
    }
    count_ = change_->count;
    if (is_reloading()) {
      ++generation_;
      const std::string told = "generation " + std::to_string(generation_) + " serves";
      tell("reload: " + told);
      manager_.tell_later("READY=1\nSTATUS=serving");
      askers_.end(told);
    } else if (change_->kind == Change::Kind::count) {
      tell("workers: " + std::to_string(count_));
    }
    change_.reset();
  }

  // The processes that serve go on; `why` may have a traceback above its last line (PRC-022).
  void fail_change(const std::string& why) {
    for (Slot& slot : slots_) {
      if (slot.next != nullptr) dismiss(*std::exchange(slot.next, nullptr));
    }
    const std::size_t line = why.rfind('\n') + 1;
    if (is_reloading()) {
      stats_.count(Reason::fault_reload);
      const std::string told = "reload failed, generation " + std::to_string(generation_) +
                               " goes on serving: " + why.substr(line);
      say(why.substr(0, line) + told);
      manager_.tell_later("READY=1\nSTATUS=" + told);
      askers_.end("failed: generation " + std::to_string(generation_) +
                  " goes on serving: " + why.substr(line));
    } else if (change_->kind == Change::Kind::renewal) {
      renewal_at_ms_ = clock_.now_ms() + WearLimits::again_after_ms;
      say(why.substr(0, line) + "the worker goes on, as none can replace it: " + why.substr(line));
    } else {
      say(why.substr(0, line) + "workers: " + std::to_string(count_) +
          " as before: " + why.substr(line));
    }
    count_wanted_ = count_;
    change_.reset();
  }

  // Has a worker end gracefully while its listeners stay open.
  void dismiss(Worker& worker) {
    worker.leaving = true;
    state_of(worker).stop_begun = 1;
    worker.ready_by_ms = never_ms;
    worker.kill_at_ms =
        clock_.now_ms() + options_.graceful_timeout_ms + WorkerPatience::kill_after_ms;
    ::kill(worker.pid, SIGTERM);
  }

  // --- upgrade ---

  void begin_due_upgrade() {
    if (!upgrade_wanted_ || !may_change()) return;
    upgrade_wanted_ = false;
    auto started = Successor::start({.command = options_.upgrade.command,
                                     .environment = options_.upgrade.environment,
                                     .inherited = options_.upgrade.inherited,
                                     .mask = mask_before_},
                                    patience_.ready_by_ms(clock_.now_ms()) + successor_start_ms);
    if (!started) return fail_upgrade(std::strerror(started.error()));
    successor_.emplace(std::move(*started));
    upgrade_problem_.clear();
    tell("upgrade: " + name_of_supervisor(successor_->pid()) + " starts");
  }

  static std::string name_of_supervisor(pid_t pid) { return "supervisor " + std::to_string(pid); }

  void fail_upgrade(const std::string& why) {
    stats_.count(Reason::fault_reload);
    say("upgrade failed, " + name_of_supervisor(::getpid()) + " goes on serving: " + why);
  }

  void heed_successor() {
    if (!successor_) return;
    if (successor_->takes_over()) return yield();
    if (successor_->is_late(clock_.now_ms())) {
      upgrade_problem_ = name_of_supervisor(successor_->pid()) + " was not ready within " +
                         std::to_string(options_.worker_start_timeout_ms + successor_start_ms) +
                         " ms; what it waits for at its start takes too long";
      end_successor();
    }
    successor_->kill_if_due(clock_.now_ms());
    const std::optional<int> status = successor_->status();
    if (!status) return;
    if (upgrade_problem_.empty()) {
      upgrade_problem_ = name_of_supervisor(successor_->pid()) + " " + end_of_worker(*status) +
                         "; the lines above say why";
    }
    successor_.reset();
    if (!stopping_) fail_upgrade(upgrade_problem_);
  }

  void end_successor() {
    successor_->end(clock_.now_ms() + options_.graceful_timeout_ms + WorkerPatience::kill_after_ms);
  }

  // The successor serves. This supervisor's workers finish what they have begun.
  void yield() {
    const pid_t pid = successor_->pid();
    successor_.reset();
    yielded_ = keeps_listeners_ = true;
    own(false);
    write_pid(pid);
    manager_.tell_later("MAINPID=" + std::to_string(pid));
    tell("upgrade: " + name_of_supervisor(pid) + " serves, " + name_of_supervisor(::getpid()) +
         " ends with its last request");
    observer_.reset();
    begin_stop(SIGTERM, options_.graceful_timeout_ms);
  }

  void write_pid(pid_t pid) const {
    const int file = options_.upgrade.pid_file;
    if (file < 0) return;
    const std::string text = std::to_string(pid) + "\n";
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, text.data(), text.size(), 0) < 0) {
      say(std::string("the pid file cannot be written: ") + std::strerror(errno));
    }
  }

  // Until the predecessor has yielded, nothing belongs to this supervisor but its workers.
  void heed_predecessor() {
    if (!predecessor_.is_there()) return;
    if (!stopping_ && all_ready()) predecessor_.tell_ready();
    const Predecessor::Answer answer = predecessor_.answer();
    if (answer == Predecessor::Answer::yields) {
      keeps_listeners_ = false;
      own(true);
      observe();
    } else if (answer == Predecessor::Answer::goes_on && !stopping_) {
      say("upgrade: the supervisor before goes on or has died; " + name_of_supervisor(::getpid()) +
          " ends");
      exit_code_ = exit_not_started;
      begin_stop(SIGTERM, options_.graceful_timeout_ms);
    }
  }

  // --- waiting, signals, the stop ---

  void wait() {
    std::uint64_t wake_ms = stopping_ ? kill_at_ms_ : never_ms;
    if (stopping_ && !keeps_listeners_ &&
        !std::ranges::all_of(listeners_, &ListenerEnd::is_shut, &Listener::end)) {
      wake_ms = std::min(wake_ms, clock_.now_ms() + queue_look_ms);
    }
    if (!stopping_ && options_.notify_watchdog_ms != 0) {
      wake_ms = std::max(tell_alive_at_ms_, clock_.now_ms());
    }
    for (std::size_t index = 0; index < count_ && !stopping_; ++index) {
      if (slots_[index].current == nullptr) wake_ms = std::min(wake_ms, slots_[index].start_at_ms);
    }
    std::vector<pollfd> entries{{signals_, POLLIN, 0}};
    // poll(2) passes over negative descriptors.
    entries.push_back({predecessor_.socket(), POLLIN, 0});
    if (successor_) {
      entries.push_back({successor_->socket(), POLLIN, 0});
      wake_ms = std::min(wake_ms, successor_->wake_ms());
    }
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
    if (!worker.ready) return std::min(worker.ready_by_ms, worker.kill_at_ms);
    const std::uint64_t look_ms = std::min(patience_.look_every_ms, options_.watchdog_dump_ms);
    return std::min(clock_.now_ms() + look_ms, worker.kill_at_ms);
  }

  void take_signals() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) == sizeof info) {
      const int number = static_cast<int>(info.ssi_signo);
      switch (number) {
        case SIGCHLD:
          break;
        case SIGUSR1:
          kill_all(SIGUSR1);
          break;
        case SIGHUP:
          reload_wanted_ = true;
          askers_.add(static_cast<pid_t>(info.ssi_pid));
          break;
        case SIGTTIN:
          want_more();
          break;
        case SIGTTOU:
          want_fewer();
          break;
        case SIGUSR2:
          want_upgrade();
          break;
        case SIGQUIT:
          begin_stop(SIGQUIT, quick_stop_ms + options_.lifespan_shutdown_timeout_ms);
          break;
        default:
          if (!std::exchange(asked_to_stop_, true)) {
            begin_stop(SIGTERM, options_.graceful_timeout_ms);
          } else {
            exit_code_ = 128 + number;
            kill_all(SIGKILL);
          }
      }
    }
  }

  void want_more() {
    if (count_wanted_ < slots_.size()) {
      ++count_wanted_;
    } else {
      say("SIGTTIN is ignored: more than " + std::to_string(count_wanted_) +
          " workers need a start with a larger --workers");
    }
  }

  void want_fewer() {
    if (count_wanted_ > 1) {
      --count_wanted_;
    } else {
      say("SIGTTOU is ignored: one worker is the least");
    }
  }

  void want_upgrade() {
    if (options_.upgrade.command.empty()) {
      say("SIGUSR2 is not supported; it is ignored");
    } else if (::getpid() == 1) {
      say("SIGUSR2 is ignored: with this process, 1, its container ends; start a new container");
    } else {
      upgrade_wanted_ = true;
    }
  }

  void begin_stop(int number, std::uint64_t within_ms) {
    if (!stopping_ && !yielded_) manager_.tell("STOPPING=1");
    stopping_ = true;
    change_.reset();
    askers_.end_all(yielded_ ? "failed: another supervisor has taken this one's place; ask that one"
                             : "failed: the supervisor stops");
    if (successor_) end_successor();
    kill_at_ms_ = std::min(kill_at_ms_, clock_.now_ms() + within_ms + patience_.kill_after_ms);
    for (Worker& worker : workers_) {
      state_of(worker).stop_begun = 1;
      if (!keeps_listeners_ && !listeners_.empty()) state_of(worker).listeners_end = 1;
      // A second TERM would end it at once.
      const bool asked = std::exchange(worker.leaving, true);
      if (number != SIGTERM || !asked) ::kill(worker.pid, number);
    }
  }

  // PRC-011: once the queues are empty, a client that connects is refused at once.
  void shut_listeners() {
    if (keeps_listeners_) return;
    for (Listener& listener : listeners_) {
      if (listener.end.is_shut()) continue;
      bool served = false;
      bool emptied = true;
      for (const Worker& worker : workers_) {
        if (std::ranges::find(worker.listeners, listener.descriptor) == worker.listeners.end()) {
          continue;
        }
        served = true;
        emptied = emptied && state_of(worker).queues_emptied != 0;
      }
      if (!served) {
        listener.end.shut();
      } else if (emptied) {
        listener.end.proceed(clock_.now_ms());
      }
    }
  }

  bool all_ready() const {
    return std::ranges::all_of(std::span(slots_).first(count_), [](const Slot& slot) {
      return slot.current != nullptr && slot.current->ready;
    });
  }

  // --- the service manager ---

  // PRC-054: sends READY once, after all workers have started for the first time; then a sign of
  // life as long as every loop gives one.
  void tell_manager() {
    if (predecessor_.is_there()) return;
    if (!told_ready_ && all_ready()) {
      told_ready_ = true;
      manager_.tell_later("READY=1\nSTATUS=serving");
    }
    manager_.tell_waiting();
    if (options_.notify_watchdog_ms == 0 || clock_.now_ms() < tell_alive_at_ms_) return;
    tell_alive_at_ms_ = clock_.now_ms() + options_.notify_watchdog_ms / 2;
    if (std::ranges::none_of(workers_, &Worker::dumped)) manager_.tell("WATCHDOG=1");
  }

  // --- watching ---

  // LIM-092, PRC-034: ends workers that do not become ready or that stop turning their loop.
  void watch() {
    const std::uint64_t now_ms = clock_.now_ms();
    for (Worker& worker : workers_) {
      if (now_ms >= worker.kill_at_ms) {
        if (worker.leaving && worker.cause.empty()) {
          say(name_of_worker(worker.slot, worker.pid) +
              "took longer than timeouts.graceful for its end; it is killed");
        }
        ::kill(worker.pid, SIGKILL);
        worker.kill_at_ms = never_ms;
      }
      if (is_debugged(worker)) {
        worker.owes_from_ms = now_ms;
        if (!worker.ready && !worker.leaving) worker.ready_by_ms = patience_.ready_by_ms(now_ms);
      } else if (worker.ready) {
        watch_heartbeat(worker, now_ms);
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

  void watch_heartbeat(Worker& worker, std::uint64_t now_ms) {
    const CoreState& state = state_of(worker);
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
      say(name_of_worker(worker.slot, worker.pid) + "has not turned its loop for " +
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
    for (const Worker& worker : workers_) ::kill(worker.pid, number);
    if (number != SIGKILL) return;
    kill_at_ms_ = never_ms;
    if (successor_) successor_->kill();
  }

  // --- processes that have ended ---

  void collect_children() {
    for (auto at = workers_.begin(); at != workers_.end();) {
      int status = 0;
      if (::waitpid(at->pid, &status, WNOHANG) != at->pid) {
        ++at;
        continue;
      }
      read_reports();  // the last may still be in the pipe
      const Worker worker = std::move(*at);
      Slot& slot = slots_[worker.slot];
      const bool was_next = slot.next == &*at;
      if (was_next) slot.next = nullptr;
      if (slot.current == &*at) slot.current = nullptr;
      close_pipe(*at);
      at = workers_.erase(at);
      bury(worker, status, was_next);
      state_of(worker).clear();
    }
  }

  void bury(const Worker& worker, int status, bool was_next) {
    if (stopping_ || worker.leaving) {
      const bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
      if (worker.ready && failed && (WIFEXITED(status) || !stopping_))
        say(obituary(worker, status));
      return;
    }
    const bool retired = state_of(worker).is(Phase::retired);
    const bool killed_by_trial = WIFSIGNALED(status) && state_of(worker).is(Phase::probing);
    Slot& slot = slots_[worker.slot];
    if ((retired || killed_by_trial) && !slot.epoll_only) {
      // The application is not at fault: a filter kills processes that use io_uring (ENG-004), or
      // a ring that worked has failed (ENG-032, ENG-034, ENG-036).
      slot.epoll_only = true;
      stats_.count(Reason::fault_worker_crash);
      stats_.count(Reason::fallback_engine_epoll);
      say(obituary(worker, status) + (retired ? " as io_uring failed" : " as it tried io_uring") +
          "; it starts again with epoll");
      slot.start_at_ms = clock_.now_ms();
      if (was_next) start_next(worker.slot);
      return;
    }
    if (was_next) {
      fail_change(worker.ready || worker.cause.empty() ? obituary(worker, status)
                                                       : worker.trace + worker.cause);
      return;
    }
    stats_.count(Reason::fault_worker_crash);
    if ((any_was_ready_ && !predecessor_.is_there()) || worker.cause.empty()) {
      say(obituary(worker, status));
    } else {
      // The cause keeps every worker from starting: reported once, without a worker's name.
      say(worker.trace + worker.cause);
    }
    ended(worker.slot, worker.ready);
  }

  static std::string obituary(const Worker& worker, int status) {
    std::string text =
        worker.trace + name_of_worker(worker.slot, worker.pid) + end_of_worker(status);
    if (!worker.cause.empty()) text += ": " + worker.cause;
    return text;
  }

  // Schedules the next worker of a slot whose worker has gone, or begins a stop.
  void ended(std::size_t index, bool was_ready) {
    if ((!any_was_ready_ && !was_ready) || predecessor_.is_there()) {
      exit_code_ = exit_not_started;
      begin_stop(SIGTERM, options_.graceful_timeout_ms);
      return;
    }
    slots_[index].start_at_ms = restarts_.start_at_ms(clock_.now_ms());
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
  const WorkerBus& bus_;
  Stats stats_;
  Clock clock_;
  ServiceManager manager_;
  std::uint64_t tell_alive_at_ms_ = 0;
  std::list<Worker> workers_;  // every process that has not been waited for
  std::vector<Slot> slots_;
  std::size_t count_;  // the slots in use are the first ones
  std::size_t count_wanted_;
  std::optional<Change> change_;
  bool reload_wanted_ = false;  // after the change that goes on
  ReloadAskers askers_;
  std::uint64_t generation_ = 1;
  std::uint64_t renewal_at_ms_ = 0;  // when workers are next looked at for their limits
  std::vector<Listener> listeners_;
  bool keeps_listeners_;
  Predecessor predecessor_;
  std::optional<Successor> successor_;
  std::string upgrade_problem_;  // why the successor was told to end
  bool upgrade_wanted_ = false;  // after what goes on
  bool yielded_ = false;         // to a successor
  std::shared_ptr<void> observer_;
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
  const auto report = [&](const std::string& line) {
    options.report(line, CoresOptions::Weight::trouble);
  };
  auto segment = StatsSegment::create(1 + banks_for(options.listeners.size()));
  if (!segment) {
    report(std::string("cannot make the counters that workers share: ") +
           std::strerror(segment.error()));
    return exit_failed;
  }
  const auto bus = WorkerBus::create(slots_for(options.listeners.size()));
  if (!bus) {
    report("cannot start: " + std::to_string(options.listeners.size()) +
           " workers cannot be connected: " + std::strerror(bus.error()) +
           "; raise ulimit -n or lower --workers");
    return exit_not_started;
  }
  return Supervisor(options, *segment, *bus).run();
}

}  // namespace pelton

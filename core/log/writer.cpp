#include "core/log/writer.hpp"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <string>

#include "core/log/lane.hpp"
#include "core/log/timestamp.hpp"
#include "core/monotonic.hpp"
#include "core/thread.hpp"
#include "core/wake.hpp"

namespace pelton {
namespace {

// The pause after a batch, in which the next batch gathers: under load one write covers many turns
// of the loop, and no turn pays for a wake-up.
constexpr int gather_ms = 10;
constexpr std::uint64_t report_interval_ms = 1000;
constexpr std::uint64_t reopen_interval_ms = 100;  // while there is no free descriptor
constexpr std::uint64_t no_deadline_ms = ~std::uint64_t{0};
constexpr std::size_t error_lane_share = 8;

std::uint64_t now_ms() {
  return monotonic_ns() / 1'000'000;
}

}  // namespace

struct LogWriter::State {
  State(LogDestination access, LogDestination error, std::size_t queue_bytes_max, Stats& counters)
      : lanes{{{std::move(access), queue_bytes_max - queue_bytes_max / error_lane_share},
               {std::move(error), queue_bytes_max / error_lane_share}}},
        stats(&counters) {}

  void run();
  bool write_out();
  void wait(bool active);
  void count_dropped(std::size_t lane, std::uint64_t records);
  bool report_wanted() const;
  static bool works(const LogLane& lane) { return !lane.blocked() && lane.failure() == 0; }
  void report(bool (*about)(const LogLane& lane));
  bool all_empty() const { return lanes[0].empty() && lanes[1].empty(); }
  enum class Attempt : std::uint8_t { first, again };
  void reopen_files(Attempt attempt);

  std::array<LogLane, 2> lanes;
  Wake wake;
  Wake done;
  // The thread sleeps or is about to: after a publish() it must be woken.
  std::atomic<bool> asleep = false;
  std::atomic<bool> reopen_wanted = false;
  std::atomic<std::uint64_t> stop_by_ms = no_deadline_ms;

  // Locked by the thread and by finish() only, never by a turn of the loop.
  std::mutex stats_gate;
  Stats* stats;

  // Used by the thread only.
  std::array<std::uint64_t, 2> unreported{};
  std::array<int, 2> cause{};  // errno of the last drop, 0: the queue was full
  std::uint64_t next_report_ms = 0;
  std::uint64_t reopen_again_ms = no_deadline_ms;
};

// --- the thread ---

void LogWriter::State::run() {
  bool active = true;
  for (;;) {
    if (reopen_wanted.exchange(false)) reopen_files(Attempt::first);
    if (now_ms() >= reopen_again_ms) reopen_files(Attempt::again);
    active |= write_out();
    if (report_wanted() && now_ms() >= next_report_ms) {
      next_report_ms = now_ms() + report_interval_ms;
      report(works);
    }
    const std::uint64_t stop_by = stop_by_ms.load();
    if (stop_by != no_deadline_ms && (all_empty() || now_ms() >= stop_by)) break;
    if (!active) {
      asleep.store(true, std::memory_order_seq_cst);
      // Records published before the loop could see the flag are written now: no wake-up follows.
      const bool news = std::any_of(lanes.begin(), lanes.end(), [](const LogLane& lane) {
        return !lane.blocked() && !lane.empty();
      });
      if (news || stop_by_ms.load() != stop_by || reopen_wanted.load()) {
        asleep.store(false);
        active = true;
        continue;
      }
    }
    wait(active);
    // If the flag is cleared, commit() woke this thread: more records are likely to follow.
    active = !asleep.exchange(false) && !active;
  }
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    count_dropped(lane, lanes[lane].drop_queued());
  }
  // The last chance to report dropped records, whether the lane works again or not.
  report([](const LogLane&) { return true; });
}

bool LogWriter::State::write_out() {
  bool wrote = false;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    if (lanes[lane].empty()) continue;
    const std::size_t bytes_before = lanes[lane].ring.bytes_pending();
    if (const std::uint64_t records = lanes[lane].write_out(); records != 0) {
      cause[lane] = lanes[lane].failure();
      count_dropped(lane, records);
    }
    wrote |= lanes[lane].ring.bytes_pending() < bytes_before;
  }
  return wrote;
}

void LogWriter::State::wait(bool active) {
  std::array<pollfd, 3> entries{{{wake.descriptor(), POLLIN, 0}}};
  nfds_t count = 1;
  for (LogLane& lane : lanes) {
    if (lane.blocked()) entries[count++] = {lane.destination.descriptor(), POLLOUT, 0};
  }
  std::uint64_t until_ms = reopen_again_ms;
  const std::uint64_t now = now_ms();
  if (active) until_ms = std::min(until_ms, now + gather_ms);
  if (report_wanted()) until_ms = std::min(until_ms, std::max(now + 1, next_report_ms));
  until_ms = std::min(until_ms, stop_by_ms.load());
  int timeout_ms = -1;
  if (until_ms != no_deadline_ms) {
    timeout_ms = until_ms <= now ? 0 : static_cast<int>(until_ms - now);
  }
  if (::poll(entries.data(), count, timeout_ms) > 0 && entries[0].revents != 0) wake.drain();
}

void LogWriter::State::count_dropped(std::size_t lane, std::uint64_t records) {
  if (records == 0) return;
  unreported[lane] += records;
  const std::scoped_lock lock(stats_gate);
  if (stats != nullptr) stats->count_from_any_thread(Reason::dropped_log, records);
}

// Whether a lane that dropped records works again, and the error lane, which reports it, works too.
bool LogWriter::State::report_wanted() const {
  const LogLane& teller = lanes[static_cast<std::size_t>(LogKind::error)];
  if (!works(teller)) return false;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const bool dropped = unreported[lane] != 0 || lanes[lane].refused.load() != 0;
    if (dropped && works(lanes[lane])) return true;
  }
  return false;
}

void LogWriter::State::report(bool (*about)(const LogLane& lane)) {
  LogLane& teller = lanes[static_cast<std::size_t>(LogKind::error)];
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    if (!about(lanes[lane])) continue;
    const std::uint64_t refused = lanes[lane].refused.exchange(0);
    const std::uint64_t records = unreported[lane] + refused;
    if (records == 0) continue;
    std::string line(Timestamp(::time(nullptr)).iso());
    line += " warning pelton: " + std::to_string(records) + " records of the ";
    line += lane == static_cast<std::size_t>(LogKind::access) ? "access" : "error";
    line += " log were dropped: ";
    line += cause[lane] == 0 ? "the queue was full" : ::strerrordesc_np(cause[lane]);
    line += '\n';
    if (teller.write_own(line)) {
      unreported[lane] = 0;
      cause[lane] = 0;
    } else {
      unreported[lane] = records;
    }
  }
}

void LogWriter::State::reopen_files(Attempt attempt) {
  reopen_again_ms = no_deadline_ms;
  for (LogLane& lane : lanes) {
    const int error = lane.destination.reopen();
    if (error == 0) continue;
    // Another thread took the reserved descriptor while it was free, or there was none.
    if (error == EMFILE || error == ENFILE) reopen_again_ms = now_ms() + reopen_interval_ms;
    if (attempt == Attempt::again) continue;
    std::string line(Timestamp(::time(nullptr)).iso());
    line += " warning pelton: a log file cannot be opened anew, the old one is kept: ";
    line += ::strerrordesc_np(error);
    line += '\n';
    lanes[static_cast<std::size_t>(LogKind::error)].write_own(line);
  }
}

// --- the loop's side ---

LogWriter::LogWriter(LogDestination access, LogDestination error, std::size_t queue_bytes_max,
                     Stats& stats)
    : stats_(stats),
      state_(std::make_shared<State>(std::move(access), std::move(error), queue_bytes_max, stats)) {
}

bool LogWriter::append(LogKind lane, std::string_view record) {
  LogLane& to = state_->lanes[static_cast<std::size_t>(lane)];
  if (!finished_ && to.ring.append(record)) [[likely]]
    return true;
  to.refused.fetch_add(1, std::memory_order_relaxed);
  stats_.count_from_any_thread(Reason::dropped_log, 1);
  return false;
}

void LogWriter::commit() {
  bool news = false;
  for (LogLane& lane : state_->lanes) {
    if (!lane.ring.has_unpublished()) continue;
    lane.ring.publish();
    news = true;
  }
  if (!news) return;
  if (started_by_ == 0) [[unlikely]]
    start();
  if (state_->asleep.load(std::memory_order_seq_cst) && state_->asleep.exchange(false)) {
    state_->wake.signal();
  }
}

void LogWriter::start() {
  auto* shared = new std::shared_ptr<State>(state_);
  const auto body = [](void* argument) -> void* {
    const auto owner = static_cast<std::shared_ptr<State>*>(argument);
    const std::shared_ptr<State> state = std::move(*owner);
    delete owner;
    state->run();
    state->done.signal();
    return nullptr;
  };
  if (const auto thread = start_thread("pelton-log", body, shared)) {
    thread_ = *thread;
    started_by_ = ::getpid();
  } else {
    // No thread can be started: the next turn with records tries again.
    delete shared;
  }
}

void LogWriter::finish() {
  if (finished_) return;
  commit();
  finished_ = true;
  // A forked child has no such thread, and the parent writes the queue.
  if (started_by_ == ::getpid()) {
    state_->stop_by_ms = now_ms() + flush_timeout_ms;
    state_->wake.signal();
    if (state_->done.wait_for(2 * flush_timeout_ms)) {
      ::pthread_join(thread_, nullptr);
    } else {
      // The thread hangs in the kernel and cannot be ended: it keeps the shared state.
      const std::scoped_lock lock(state_->stats_gate);
      state_->stats = nullptr;
      ::pthread_detach(thread_);
    }
  }
}

void LogWriter::reopen() {
  state_->reopen_wanted = true;
  state_->wake.signal();
}

std::size_t LogWriter::bytes_queued() const {
  std::size_t bytes = 0;
  for (const LogLane& lane : state_->lanes) bytes += lane.ring.bytes_pending();
  return bytes;
}

}  // namespace pelton

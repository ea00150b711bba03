// The state that one core publishes: its phase, the time of the last turn of its loop and its
// gauges; and the orders of its supervisor. Each word has one writer (and the supervisor, which
// clears all words before a start); anyone may read it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pelton {

enum class Phase : std::uint64_t {
  absent,   // no process, or one at its very start
  probing,  // tries io_uring; if that kills the process, its successor uses epoll (ENG-004)
  serving,  // the loop turns
  ended,    // the loop has turned for the last time
  retired,  // ended because its engine failed: the successor uses epoll (ENG-032, ENG-034)
};

// Values that a core measures once a second (OBS-006).
enum class Gauge : std::uint8_t {
  connections_idle,       // waiting for a request
  connections_reading,    // a message has partly arrived
  connections_writing,    // answers, or the end of one, are being sent
  connections_lingering,  // the last answer is sent
  connections_closing,    // the descriptor is being closed
  exchanges_running,      // the head was read, the answer is not written
  exchanges_queued,       // read, but waiting because answers are backed up
  leases_out,             // receive buffers that connections hold
  operations_in_flight,   // prepared and not completed
  send_queue_bytes,       // answers that wait to be sent
  log_queue_bytes,        // log lines that wait to be written
  loop_lag_us,            // how long the turn that measures has already taken
  requests,               // begun since the process started
  engine,                 // 1 epoll, 2 io_uring
};

inline constexpr std::size_t gauge_count = 14;
inline constexpr std::array<std::string_view, gauge_count> gauge_names = {"connections_idle",
                                                                          "connections_reading",
                                                                          "connections_writing",
                                                                          "connections_lingering",
                                                                          "connections_closing",
                                                                          "exchanges_running",
                                                                          "exchanges_queued",
                                                                          "leases_out",
                                                                          "operations_in_flight",
                                                                          "send_queue_bytes",
                                                                          "log_queue_bytes",
                                                                          "loop_lag_us",
                                                                          "requests",
                                                                          "engine"};

using Gauges = std::array<std::uint64_t, gauge_count>;

inline std::uint64_t& in(Gauges& gauges, Gauge gauge) {
  return gauges[static_cast<std::size_t>(gauge)];
}

struct CoreState {
  std::atomic<std::uint64_t> phase{0};
  // As the last turn of the loop read CLOCK_MONOTONIC, which all processes share (PRC-033).
  std::atomic<std::uint64_t> heartbeat_ms{0};
  std::array<std::atomic<std::uint64_t>, gauge_count> gauges{};
  // The stop has begun, and all connections that waited in the listeners' queues are accepted.
  std::atomic<std::uint64_t> queues_emptied{0};
  // The stop has begun. The supervisor writes it too, before it asks for the stop: a core that is
  // stuck hears of it late.
  std::atomic<std::uint64_t> stop_begun{0};
  // Written by the supervisor: the slot of the worker, and how many workers share the machine.
  std::atomic<std::uint64_t> slot{0};
  std::atomic<std::uint64_t> worker_count{1};
  // Written by the supervisor: which of its loads of the application this is, from 1 on, and how
  // many processes the slot has had before.
  std::atomic<std::uint64_t> generation{1};
  std::atomic<std::uint64_t> restarts{0};
  // Written by the supervisor: other cores accept from the same listeners.
  std::atomic<std::uint64_t> listeners_shared{0};
  // Written by the supervisor before it sends a stop: it shuts the listeners down once their queues
  // are empty, and this core accepts until then. If 0, the listeners stay open after the stop.
  std::atomic<std::uint64_t> listeners_end{0};
  // Written by whoever starts the process; 0: none was started yet, or the last has gone.
  std::atomic<std::uint64_t> process_id{0};

  void enter(Phase next) {
    phase.store(static_cast<std::uint64_t>(next), std::memory_order_relaxed);
  }
  bool is(Phase asked) const {
    return phase.load(std::memory_order_relaxed) == static_cast<std::uint64_t>(asked);
  }
  void turned(std::uint64_t now_ms) { heartbeat_ms.store(now_ms, std::memory_order_relaxed); }
  void show(const Gauges& now) {
    for (std::size_t index = 0; index < gauge_count; ++index) {
      gauges[index].store(now[index], std::memory_order_relaxed);
    }
  }
  Gauges shown() const {
    Gauges now{};
    for (std::size_t index = 0; index < gauge_count; ++index) {
      now[index] = gauges[index].load(std::memory_order_relaxed);
    }
    return now;
  }
  // Removes what a process has written, and the orders to it.
  void clear() {
    enter(Phase::absent);
    turned(0);
    show({});
    queues_emptied = 0;
    stop_begun = 0;
    slot = 0;
    worker_count = 1;
    generation = 1;
    restarts = 0;
    listeners_shared = 0;
    listeners_end = 0;
    process_id = 0;
  }
};

}  // namespace pelton

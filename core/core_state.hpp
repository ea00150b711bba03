// What one core shows of itself at every moment: how far it has come, when it last turned its loop,
// and its gauges; and what its supervisor tells it. Each word has one writer (but for the
// supervisor, who clears them all before a start), and is read by anyone.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pelton {

enum class Phase : std::uint64_t {
  absent,   // no process, or one that has not come so far as to say
  probing,  // tries io_uring; who dies of it comes back on epoll (ENG-004)
  serving,  // its loop turns
  ended,    // its loop has turned for the last time
  retired,  // the same, because its engine failed: its successor uses epoll (ENG-032, ENG-034)
};

// What a core has at a moment, as of its last look, once a second (OBS-006).
enum class Gauge : std::uint8_t {
  connections_idle,       // wait for a request
  connections_reading,    // a message is partly here
  connections_writing,    // answers are on their way out, or the end of one
  connections_lingering,  // answered for the last time
  connections_closing,    // their descriptor is being closed
  exchanges_running,      // their head was read, their answer is not written
  exchanges_queued,       // read, but waiting because answers are backed up
  leases_out,             // receive buffers that connections hold
  operations_in_flight,   // given to the kernel, without a result so far
  send_queue_bytes,       // of answers that wait to be sent
  log_queue_bytes,        // of log lines that wait to be written
  loop_lag_us,            // how long that turn of the loop had worked
  engine,                 // 1 epoll, 2 io_uring
  generation,             // how many processes the slot had before this one
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
                                                                          "engine",
                                                                          "generation"};

using Gauges = std::array<std::uint64_t, gauge_count>;

inline std::uint64_t& in(Gauges& gauges, Gauge gauge) {
  return gauges[static_cast<std::size_t>(gauge)];
}

struct CoreState {
  std::atomic<std::uint64_t> phase{0};
  // CLOCK_MONOTONIC, the same for all processes; as the last turn of the loop read it (PRC-033).
  std::atomic<std::uint64_t> heartbeat_ms{0};
  std::array<std::atomic<std::uint64_t>, gauge_count> gauges{};
  // The stop has begun, and every connection that waited in the listeners' queues is accepted.
  std::atomic<std::uint64_t> queues_emptied{0};
  // The supervisor's: other cores accept from the same listeners.
  std::atomic<std::uint64_t> listeners_shared{0};
  // The supervisor's, told ahead of a stop: it shuts the listeners down once their queues are
  // empty, and until then this core goes on accepting. Otherwise they outlive the stop.
  std::atomic<std::uint64_t> listeners_end{0};

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
  // What the process before has left behind.
  void clear() {
    enter(Phase::absent);
    turned(0);
    show({});
    queues_emptied = 0;
    listeners_shared = 0;
    listeners_end = 0;
  }
};

}  // namespace pelton

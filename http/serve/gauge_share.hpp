// What one connection adds to the gauges of its core.
#pragma once

#include <cstddef>

#include "core/core_state.hpp"

namespace pelton::http {

class GaugeShare {
 public:
  struct Counts {
    Gauge phase = Gauge::connections_idle;  // of the connection
    bool queued = false;                    // it has requests that wait
    bool running = false;                   // it has handlers at work
    std::size_t bytes = 0;                  // that wait to be sent
  };

  // A connection that has just begun.
  explicit GaugeShare(Gauges& gauges) : gauges_(gauges) { add(); }
  GaugeShare(const GaugeShare&) = delete;
  GaugeShare& operator=(const GaugeShare&) = delete;
  ~GaugeShare() { take(); }

  void replace(const Counts& counts) {
    take();
    counts_ = counts;
    add();
  }

 private:
  void add() {
    ++in(gauges_, counts_.phase);
    in(gauges_, Gauge::exchanges_queued) += counts_.queued ? 1 : 0;
    in(gauges_, Gauge::exchanges_running) += counts_.running ? 1 : 0;
    in(gauges_, Gauge::send_queue_bytes) += counts_.bytes;
  }
  void take() {
    --in(gauges_, counts_.phase);
    in(gauges_, Gauge::exchanges_queued) -= counts_.queued ? 1 : 0;
    in(gauges_, Gauge::exchanges_running) -= counts_.running ? 1 : 0;
    in(gauges_, Gauge::send_queue_bytes) -= counts_.bytes;
  }

  Gauges& gauges_;
  Counts counts_;
};

}  // namespace pelton::http

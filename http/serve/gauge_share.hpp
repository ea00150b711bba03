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

  void replace(Gauges& gauges, const Counts& counts) {
    take_from(gauges);
    counts_ = counts;
    add_to(gauges);
  }
  // For a connection that begins, and for one that has ended.
  void add_to(Gauges& gauges) const {
    ++in(gauges, counts_.phase);
    in(gauges, Gauge::exchanges_queued) += counts_.queued ? 1 : 0;
    in(gauges, Gauge::exchanges_running) += counts_.running ? 1 : 0;
    in(gauges, Gauge::send_queue_bytes) += counts_.bytes;
  }
  void take_from(Gauges& gauges) const {
    --in(gauges, counts_.phase);
    in(gauges, Gauge::exchanges_queued) -= counts_.queued ? 1 : 0;
    in(gauges, Gauge::exchanges_running) -= counts_.running ? 1 : 0;
    in(gauges, Gauge::send_queue_bytes) -= counts_.bytes;
  }

 private:
  Counts counts_;
};

}  // namespace pelton::http

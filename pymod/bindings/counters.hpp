// A core's counters as Python sees them.
#pragma once

#include <pybind11/pybind11.h>

#include "core/stats.hpp"
#include "core/stats_segment.hpp"

namespace pelton::py {

// Counter names (`class.word`, protocol section 12) to values.
pybind11::dict counters_of(const Stats& stats);
// The totals over all banks.
pybind11::dict counters_of(const StatsSegment& segment);

}  // namespace pelton::py

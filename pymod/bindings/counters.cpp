#include "pymod/bindings/counters.hpp"

#include <string>

namespace pelton::py {

namespace {

template <typename ValueOf>
pybind11::dict by_name(ValueOf value_of) {
  pybind11::dict made;
  for (std::size_t index = 0; index < reason_count; ++index) {
    const auto reason = static_cast<Reason>(index);
    if (reason == Reason::none) continue;
    const ReasonRow& row = reason_row(reason);
    const std::string name = std::string(row.counter_class) + '.' + std::string(row.word);
    made[pybind11::str(name)] = value_of(reason);
  }
  return made;
}

}  // namespace

pybind11::dict counters_of(const Stats& stats) {
  return by_name([&](Reason reason) { return stats.of(reason); });
}

pybind11::dict counters_of(const StatsSegment& segment) {
  return by_name([&](Reason reason) { return segment.total(reason); });
}

}  // namespace pelton::py

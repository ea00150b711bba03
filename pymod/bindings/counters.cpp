#include "pymod/bindings/counters.hpp"

#include <string>

namespace noria::py {

pybind11::dict counters_of(const Stats& stats) {
  pybind11::dict made;
  for (std::size_t index = 0; index < reason_count; ++index) {
    const auto reason = static_cast<Reason>(index);
    if (reason == Reason::none) continue;
    const ReasonRow& row = reason_row(reason);
    const std::string name = std::string(row.counter_class) + '.' + std::string(row.word);
    made[pybind11::str(name)] = stats.of(reason);
  }
  return made;
}

}  // namespace noria::py

// A clock that, like the real one, shows the time of its last reading, however much has passed.
#pragma once

#include <cstdint>

#include "core/clock.hpp"

namespace pelton::http {

class ReadClock final : public Clock {
 public:
  static constexpr std::uint64_t second_ns = 1'000'000'000;

  std::uint64_t read_ns() const override { return true_ns_; }
  void refresh() override { set_now_ns(true_ns_); }
  void pass_ns(std::uint64_t delta_ns) { true_ns_ += delta_ns; }

 private:
  std::uint64_t true_ns_ = 1000 * second_ns;
};

}  // namespace pelton::http

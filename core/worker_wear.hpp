// When a worker has served so long that a fresh process replaces it.
#pragma once

#include <cstdint>
#include <string>

namespace pelton {

struct WorkerWear {
  std::uint64_t age_ms = 0;
  std::uint64_t requests = 0;
  std::uint64_t resident_bytes = 0;
};

struct WearLimits {
  static constexpr std::uint64_t none = ~std::uint64_t{0};
  // How often workers are looked at, and how long they stay after a replacement could not start.
  static constexpr std::uint64_t look_every_ms = 1000;
  static constexpr std::uint64_t again_after_ms = 10'000;

  std::uint64_t age_ms_max = none;
  std::uint64_t requests_max = none;
  std::uint64_t requests_jitter = 0;  // each worker may begin up to so many more
  std::uint64_t resident_bytes_max = none;

  bool any() const {
    return age_ms_max != none || requests_max != none || resident_bytes_max != none;
  }
  // The limits of one worker; `random` is a number of its own.
  WearLimits of_worker(std::uint64_t random) const {
    WearLimits limits = *this;
    const bool spreads = requests_max != none && requests_jitter != 0;
    if (spreads) limits.requests_max += random % (requests_jitter + 1);
    return limits;
  }
  // The limit that is reached, as words for a log line; empty if none is.
  std::string reached_by(const WorkerWear& wear) const {
    if (wear.requests >= requests_max) return std::to_string(wear.requests) + " requests";
    if (wear.resident_bytes >= resident_bytes_max) {
      return std::to_string(wear.resident_bytes >> 20) + " MiB of memory";
    }
    if (wear.age_ms >= age_ms_max) return std::to_string(wear.age_ms / 1000) + " s of service";
    return {};
  }
};

}  // namespace pelton

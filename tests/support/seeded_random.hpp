// Random numbers that are the same on every machine for the same seed, so that a printed seed is
// enough to see a failure again. splitmix64: no state worth speaking of, good enough for faults.
#pragma once

#include <cstdint>

namespace noria::support {

class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = (state_ += 0x9E37'79B9'7F4A'7C15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EBu;
    return mixed ^ (mixed >> 31);
  }

  // 0 <= result < bound; bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // 1 <= result <= most; most > 0.
  std::uint64_t from_one_to(std::uint64_t most) { return 1 + below(most); }
  // Draws nothing for what never happens, so that a fault set to 0 leaves the others' draws alone.
  bool chance(double probability) {
    if (probability <= 0) return false;
    return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
  }

 private:
  std::uint64_t state_;
};

}  // namespace noria::support

// Random numbers that are the same on every machine for the same seed, so that a printed seed is
// enough to repeat a failure. splitmix64: hardly any state, good enough for faults. With a tape of
// octets, a fuzzer decides instead of chance.
#pragma once

#include <cstdint>
#include <span>

namespace pelton::support {

class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  // One octet per draw. After the end of the tape nothing happens by chance.
  explicit SeededRandom(std::span<const std::uint8_t> tape) : tape_(tape), has_tape_(true) {}

  std::uint64_t next() {
    if (has_tape_) return next_of_tape();
    std::uint64_t mixed = (state_ += 0x9E37'79B9'7F4A'7C15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EBu;
    return mixed ^ (mixed >> 31);
  }

  // 0 <= result < bound; bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // 1 <= result <= most; most > 0.
  std::uint64_t from_one_to(std::uint64_t most) { return 1 + below(most); }
  // Draws nothing for probability 0, so that such a fault does not change the draws of the others.
  bool chance(double probability) {
    if (probability <= 0) return false;
    return fraction() < probability;
  }
  // 0 <= result < 1.
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t next_of_tape() {
    if (tape_.empty()) return ~std::uint64_t{0};
    const std::uint8_t octet = tape_.front();
    tape_ = tape_.subspan(1);
    return octet * 0x0101'0101'0101'0101u;
  }

  std::uint64_t state_ = 0;
  std::span<const std::uint8_t> tape_;
  bool has_tape_ = false;
};

}  // namespace pelton::support

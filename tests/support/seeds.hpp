// The seeds of a randomised test. PELTON_SEED=n replays the one that a failure has printed, and
// PELTON_SEED_COUNT=n sets how many seeds run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pelton::support {

std::vector<std::uint64_t> seeds(std::size_t count);

}  // namespace pelton::support

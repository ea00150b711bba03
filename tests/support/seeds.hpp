// The seeds a randomised test runs through. PELTON_SEED=n replays one of them, as printed by a
// failure; PELTON_SEED_COUNT=n runs more or fewer than the test asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pelton::support {

std::vector<std::uint64_t> seeds(std::size_t count);

}  // namespace pelton::support

// The seeds a randomised test runs through. NORIA_SEED=n replays one of them, as printed by a
// failure; NORIA_SEED_COUNT=n runs more or fewer than the test asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace noria::support {

std::vector<std::uint64_t> seeds(std::size_t count);

}  // namespace noria::support

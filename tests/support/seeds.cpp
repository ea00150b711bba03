#include "tests/support/seeds.hpp"

#include <cstdlib>
#include <numeric>

namespace pelton::support {

std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const char* one = std::getenv("PELTON_SEED")) return {std::strtoull(one, nullptr, 0)};
  if (const char* wished = std::getenv("PELTON_SEED_COUNT")) {
    count = std::strtoull(wished, nullptr, 0);
  }
  std::vector<std::uint64_t> all(count);
  std::iota(all.begin(), all.end(), std::uint64_t{1});
  return all;
}

}  // namespace pelton::support

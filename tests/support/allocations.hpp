// How often this process has asked the heap for memory. Linking a test that calls this replaces
// operator new by one that counts; a steady state is one in which the number stands still.
#pragma once

#include <cstdint>

namespace noria::support {

std::uint64_t allocations();

}  // namespace noria::support

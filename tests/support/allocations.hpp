// How often this process has asked the heap for memory, by operator new or as C does. Linking a
// test that calls this puts the count before the heap; a steady state is one in which it stands
// still.
#pragma once

#include <cstdint>

namespace pelton::support {

std::uint64_t allocations();

}  // namespace pelton::support

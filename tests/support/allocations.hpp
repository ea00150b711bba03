// How often this process has asked the heap for memory, by operator new or as C does. Linking a
// test that calls this puts the count before the heap; a steady state is one in which it stands
// still.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pelton::support {

std::uint64_t allocations();

// For its life malloc() and realloc() refuse what asks for so many octets or more (ENG-060).
class AllocationRefusal {
 public:
  explicit AllocationRefusal(std::size_t bytes_min);
  AllocationRefusal(const AllocationRefusal&) = delete;
  AllocationRefusal& operator=(const AllocationRefusal&) = delete;
  ~AllocationRefusal();

  // False under a sanitizer, whose heap cannot be made to refuse.
  static bool works();
};

}  // namespace pelton::support

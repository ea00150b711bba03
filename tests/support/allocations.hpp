// How often this process has requested memory from the heap, by operator new or malloc(). A test
// that calls this is linked with the counting functions in front of the heap; in a steady state the
// count does not change.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pelton::support {

std::uint64_t allocations();

// During its lifetime malloc() and realloc() refuse requests of that many octets or more (ENG-060).
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

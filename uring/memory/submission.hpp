// One prepared operation. Engines without a submission queue in the kernel keep it until the next
// turn and perform submissions in the order in which they were prepared, as a ring does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "uring/engine.hpp"
#include "uring/limits.hpp"

namespace pelton::uring {

struct Submission {
  Operation operation = Operation::none;
  Descriptor descriptor = -1;
  Token token;
  Token target;            // cancel
  char* memory = nullptr;  // send: only read; receive: null means leased buffers
  std::uint32_t bytes = 0;
  std::uint32_t events = 0;  // poll
  bool lasts = false;        // poll
  bool once = false;         // accept
};

}  // namespace pelton::uring

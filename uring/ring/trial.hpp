// Tries every operation once on a fresh ring, through whatever filter is in force: what the kernel
// says it can do and what this process may do are two things (ENG-002).
#pragma once

#include <string_view>
#include <vector>

#include "uring/ring/ring.hpp"

namespace pelton::uring {

struct TrialStep {
  std::string_view name;
  // 0: works. Else the errno it ended with, ETIME without an answer in time, EPROTO with a wrong
  // one.
  int error = 0;
};

// The steps in the order they were made; the first that fails is the last, for what follows would
// stand on it. A ring that passed has nothing in flight and no buffer lent.
std::vector<TrialStep> try_ring(RingEngine& ring);

}  // namespace pelton::uring

// Tries the operations once on a fresh ring, with all system call filters in force: a process may
// not be allowed all that the kernel can do (ENG-002).
#pragma once

#include <string_view>
#include <vector>

#include "uring/ring/ring.hpp"

namespace pelton::uring {

struct TrialStep {
  std::string_view name;
  // 0 if the step works; else its errno, ETIME without an answer in time, EPROTO for a wrong one.
  int error = 0;
};

// The steps in the order they were made, up to the first failure: later steps depend on earlier
// ones. A ring that has passed has no operation in flight and no buffer lent.
std::vector<TrialStep> try_ring(RingEngine& ring);

}  // namespace pelton::uring

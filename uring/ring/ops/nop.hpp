// Does nothing and completes at once with 0.
#pragma once

#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

inline void prepare_nop(io_uring_sqe& entry, Token token) {
  begin(entry, IORING_OP_NOP, -1, token);
}

}  // namespace pelton::uring::ops

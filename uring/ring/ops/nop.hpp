// Does nothing and completes at once with 0.
#pragma once

#include "uring/ring/ops/submission.hpp"

namespace noria::uring::ops {

inline void prepare_nop(io_uring_sqe& entry, Token token) {
  begin(entry, IORING_OP_NOP, -1, token);
}

}  // namespace noria::uring::ops

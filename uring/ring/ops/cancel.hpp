// Cancels the operation whose token is `target`. The target still completes by itself, with
// ECANCELED or with the result it had reached (ENG-037).
#pragma once

#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

inline void prepare_cancel(io_uring_sqe& entry, Token token, Token target) {
  begin(entry, IORING_OP_ASYNC_CANCEL, -1, token).addr = target.bits();
}

}  // namespace pelton::uring::ops

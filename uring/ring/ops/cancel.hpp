// Asks for the end of the one operation that carries the target's token. The target still ends by
// itself: ECANCELED, or whatever it had reached (ENG-037).
#pragma once

#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

inline void prepare_cancel(io_uring_sqe& entry, Token token, Token target) {
  begin(entry, IORING_OP_ASYNC_CANCEL, -1, token).addr = target.bits();
}

}  // namespace pelton::uring::ops

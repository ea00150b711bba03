// close(2). If it fails, the descriptor counts as closed and is not closed again (ENG-013).
#pragma once

#include "uring/ring/ops/submission.hpp"

namespace pelton::uring::ops {

inline void prepare_close(io_uring_sqe& entry, Token token, Descriptor descriptor) {
  begin(entry, IORING_OP_CLOSE, descriptor, token);
}

}  // namespace pelton::uring::ops

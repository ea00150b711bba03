// Clears an entry of the submission queue and sets the fields that every operation has.
#pragma once

#include <liburing.h>

#include "uring/engine.hpp"

namespace pelton::uring::ops {

// The entry still holds an older submission, and the kernel refuses stray fields.
inline io_uring_sqe& begin(io_uring_sqe& entry, std::uint8_t opcode, Descriptor descriptor,
                           Token token) {
  entry = io_uring_sqe{};
  entry.opcode = opcode;
  entry.fd = descriptor;
  entry.user_data = token.bits();
  return entry;
}

}  // namespace pelton::uring::ops

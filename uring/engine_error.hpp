// Why an engine cannot be used here and what would help: two clauses of one log line.
#pragma once

#include <string>

namespace pelton::uring {

struct EngineError {
  std::string cause;   // "io_uring_setup: Operation not permitted (kernel.io_uring_disabled is 2)"
  std::string remedy;  // "set sysctl kernel.io_uring_disabled=0"
};

}  // namespace pelton::uring

#include "core/fork_guard.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace pelton {

void end_forked_child() {
  const std::string line = "pelton: a forked child (pid " + std::to_string(::getpid()) +
                           ") came back to its parent's event loop and is ended; end it with "
                           "os._exit(), or start it with subprocess or multiprocessing\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(EXIT_FAILURE);
}

}  // namespace pelton

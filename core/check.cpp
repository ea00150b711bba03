#include "core/check.hpp"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace pelton {
namespace {

// write(2) alone: the heap and stdio may be what is broken.
void say(const char* text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace

void check_failed(const char* expression, std::source_location where) {
  char line[12];
  char* cursor = line + sizeof line;
  *--cursor = '\0';
  for (auto number = where.line(); number != 0; number /= 10) {
    *--cursor = static_cast<char>('0' + number % 10);
  }
  say("pelton: check failed: ");
  say(expression);
  say("\n  where: ");
  say(where.file_name());
  say(":");
  say(cursor);
  say(" in ");
  say(where.function_name());
  say("\n  fix:   this is a defect of pelton, please report it with these lines\n");
  std::abort();
}

}  // namespace pelton

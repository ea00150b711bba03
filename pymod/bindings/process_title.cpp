#include "pymod/bindings/process_title.hpp"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

namespace pelton::py {

namespace {

constexpr std::size_t thread_name_bytes_max = 15;

// Where the kernel has put the texts of the command line and, after them, of the environment.
struct StartTexts {
  char* arguments;
  char* arguments_end;
  char* environment_end;  // that of the arguments, if other memory lies between
};

std::optional<StartTexts> start_texts() {
  std::ifstream file("/proc/self/stat");
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  // The second field is a name in parentheses that may hold anything; arg_start is the 48th.
  constexpr int fields_between = 45;
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 2));
  std::string skipped;
  for (int field = 0; field < fields_between; ++field) fields >> skipped;
  std::uintptr_t arguments = 0;
  std::uintptr_t arguments_end = 0;
  std::uintptr_t environment = 0;
  std::uintptr_t environment_end = 0;
  fields >> arguments >> arguments_end >> environment >> environment_end;
  if (!fields || arguments == 0 || arguments_end <= arguments) return std::nullopt;
  const bool is_adjacent = environment == arguments_end && environment_end >= environment;
  const auto at = [](std::uintptr_t address) { return reinterpret_cast<char*>(address); };
  return StartTexts{at(arguments), at(arguments_end),
                    at(is_adjacent ? environment_end : arguments_end)};
}

// Copies the variables that lie there, so that getenv(3) finds them still; the copies live as long
// as the process, as variables do.
void move_variables_from(const StartTexts& texts) {
  if (environ == nullptr) return;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (*entry < texts.arguments_end || *entry >= texts.environment_end) continue;
    if (char* const copy = ::strdup(*entry)) *entry = copy;
  }
}

}  // namespace

void set_process_title(std::string_view title, std::string_view name) {
  const std::string short_name(name.substr(0, thread_name_bytes_max));
  ::prctl(PR_SET_NAME, short_name.c_str());
  const std::optional<StartTexts> texts = start_texts();
  if (!texts) return;
  const auto room_to = [&](const char* end) {
    return static_cast<std::size_t>(end - texts->arguments) - 1;
  };
  char* end = texts->arguments_end;
  if (title.size() > room_to(end)) {
    move_variables_from(*texts);
    end = texts->environment_end;
  }
  const std::size_t bytes = std::min(title.size(), room_to(end));
  std::fill(texts->arguments, end, '\0');
  std::copy_n(title.data(), bytes, texts->arguments);
  // An octet other than NUL at the end of the arguments has the kernel show the text up to the
  // first NUL, instead of all arguments (setproctitle(3)).
  if (char& last = texts->arguments_end[-1]; last == '\0' && bytes != 0) last = ' ';
}

}  // namespace pelton::py

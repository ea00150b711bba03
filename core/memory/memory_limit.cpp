#include "core/memory/memory_limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace pelton {
namespace {

// Version 1 reports about 2^63 octets, rounded to a page, if there is no limit.
constexpr std::uint64_t no_limit_from = std::uint64_t{1} << 62;

// The number at the beginning of a file; no value for "max" or if the file does not exist.
std::optional<std::uint64_t> number_in(const std::string& path) {
  std::uint64_t number = 0;
  std::ifstream file(path);
  return file >> number ? std::optional(number) : std::nullopt;
}

void take_lesser(std::optional<std::uint64_t>& limit, const std::string& path) {
  const auto found = number_in(path);
  if (found && *found < no_limit_from) limit = std::min(limit.value_or(*found), *found);
}

}  // namespace

std::optional<std::uint64_t> memory_limit_bytes(const std::string& groups,
                                                const std::string& root) {
  std::optional<std::uint64_t> limit;
  std::ifstream file(groups);
  // "0::/path" is version 2, "7:cpu,memory:/path" is version 1.
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    std::string controllers(",");
    controllers.append(line, first + 1, second - first - 1).append(",");
    const bool unified = controllers == ",,";
    if (!unified && controllers.find(",memory,") == controllers.npos) continue;
    const std::string base = unified ? root : root + "/memory";
    const std::string name = unified ? "/memory.max" : "/memory.limit_in_bytes";
    // In a container the root may be its own group, so every parent of the path is tried.
    for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
      if (path == "/") path.clear();
      take_lesser(limit, base + path + name);
      if (path.find('/') == path.npos) break;
    }
  }
  return limit;
}

std::uint64_t physical_memory_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return 0;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

std::uint64_t memory_to_share_bytes(std::optional<std::uint64_t> limit_bytes,
                                    std::uint64_t physical_bytes) {
  if (!limit_bytes) return physical_bytes / 2;
  return physical_bytes == 0 ? *limit_bytes : std::min(*limit_bytes, physical_bytes);
}

std::uint64_t resident_bytes() {
  return resident_bytes(static_cast<std::uint64_t>(::getpid()));
}

// The second number of /proc/PID/statm (proc(5)).
std::uint64_t resident_bytes(std::uint64_t process_id) {
  std::ifstream statm("/proc/" + std::to_string(process_id) + "/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t buffer_share_bytes(std::uint64_t limit_bytes, std::uint32_t process_count,
                                 std::uint64_t resident_bytes) {
  const std::uint64_t share = limit_bytes / 10 * 9 / std::max(process_count, 1u);
  const std::uint64_t left = share > resident_bytes ? share - resident_bytes : 0;
  return std::max({left, share / 16, std::uint64_t{1}});
}

}  // namespace pelton

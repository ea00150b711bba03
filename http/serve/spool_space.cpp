#include "http/serve/spool_space.hpp"

#include <sys/vfs.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "http/serve/config.hpp"

namespace pelton::http {
namespace {

// As in linux/magic.h.
constexpr std::uint64_t tmpfs_magic = 0x01021994;
constexpr std::uint64_t ramfs_magic = 0x858458f6;

}  // namespace

std::optional<SpoolSpace> spool_space(const std::string& directory) {
  std::error_code no_directory;
  const std::string path =
      directory.empty() ? std::filesystem::temp_directory_path(no_directory).string() : directory;
  struct statfs found{};
  if (no_directory || ::statfs(path.c_str(), &found) != 0) return std::nullopt;
  const auto kind = static_cast<std::uint64_t>(found.f_type);
  return SpoolSpace{.free_bytes = static_cast<std::uint64_t>(found.f_bavail) *
                                  static_cast<std::uint64_t>(found.f_bsize),
                    .in_memory = kind == tmpfs_magic || kind == ramfs_magic};
}

std::uint64_t buffered_bytes_within(std::uint64_t memory_share_bytes,
                                    const std::optional<SpoolSpace>& space) {
  const bool shares = space && space->in_memory;
  return std::max<std::uint64_t>(shares ? memory_share_bytes / 2 : memory_share_bytes, 1);
}

std::uint64_t spooled_bytes_within(std::uint64_t memory_share_bytes,
                                   const std::optional<SpoolSpace>& space,
                                   std::uint32_t process_count) {
  if (!space) return no_limit;
  const std::uint64_t free_bytes = space->free_bytes / 2 / std::max(process_count, 1u);
  return space->in_memory ? std::min(free_bytes, memory_share_bytes / 2) : free_bytes;
}

}  // namespace pelton::http

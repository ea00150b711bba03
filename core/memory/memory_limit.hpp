// How much memory the control groups of this process allow, and how much of it buffers may take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pelton {

// The smallest limit between the process's group and the root, in either version of control groups.
// No value if there is no limit or it cannot be read.
std::optional<std::uint64_t> memory_limit_bytes(const std::string& groups = "/proc/self/cgroup",
                                                const std::string& root = "/sys/fs/cgroup");

// The physical memory of the machine; 0 if unknown.
std::uint64_t physical_memory_bytes();

// The memory that all processes of a server may use together: the limit of the control groups, at
// most the machine's memory; without a limit, half of the machine's memory.
std::uint64_t memory_to_share_bytes(std::optional<std::uint64_t> limit_bytes,
                                    std::uint64_t physical_bytes);

// The resident memory of this process, or of another one; 0 if unknown.
std::uint64_t resident_bytes();
std::uint64_t resident_bytes(std::uint64_t process_id);

// PRC-044: one process's share of nine tenths of the limit, less its resident memory before it
// serves, but never less than a sixteenth of the share.
std::uint64_t buffer_share_bytes(std::uint64_t limit_bytes, std::uint32_t process_count,
                                 std::uint64_t resident_bytes);

}  // namespace pelton

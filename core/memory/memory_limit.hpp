// How much memory the control groups of this process allow, and what of it buffers may take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pelton {

// The least of the limits on the way from the process's group to the root, of either version of
// control groups. None: nothing limits it, or nobody can tell.
std::optional<std::uint64_t> memory_limit_bytes(const std::string& groups = "/proc/self/cgroup",
                                                const std::string& root = "/sys/fs/cgroup");

// What the machine has of real memory; 0 if nobody can tell.
std::uint64_t physical_memory_bytes();

// What the processes of a server may take together: the limit of the control groups as far as the
// machine has it, or without one half of what the machine has.
std::uint64_t memory_to_share_bytes(std::optional<std::uint64_t> limit_bytes,
                                    std::uint64_t physical_bytes);

// What this process has of real memory; 0 if nobody can tell.
std::uint64_t resident_bytes();

// PRC-044: the share of one of so many processes in nine tenths of the limit, less what it has
// before it serves. A process that is larger than its share still gets a sixteenth of it.
std::uint64_t buffer_share_bytes(std::uint64_t limit_bytes, std::uint32_t process_count,
                                 std::uint64_t resident_bytes);

}  // namespace pelton

// The file system that large bodies are spooled to, and what of it one process may take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pelton::http {

struct SpoolSpace {
  std::uint64_t free_bytes = 0;
  bool in_memory = false;  // what lies there takes memory (tmpfs, ramfs)
};

// Of the directory of temporary files, or another one; none if it cannot be told.
std::optional<SpoolSpace> spool_space(const std::string& directory = {});

// What the buffers of a process may take of its share of the memory: all of it, or half where
// spooled bodies lie in memory too.
std::uint64_t buffered_bytes_within(std::uint64_t memory_share_bytes,
                                    const std::optional<SpoolSpace>& space);

// What the spooled bodies of one of so many processes may take in sum: its share in half of what is
// free, and where that is memory no more than the other half of its share of the memory. Without a
// limit if nothing is known of the file system.
std::uint64_t spooled_bytes_within(std::uint64_t memory_share_bytes,
                                   const std::optional<SpoolSpace>& space,
                                   std::uint32_t process_count);

}  // namespace pelton::http

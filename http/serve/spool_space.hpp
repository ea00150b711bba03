// The file system for spooled bodies, and how much of it one process may use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pelton::http {

struct SpoolSpace {
  std::uint64_t free_bytes = 0;
  bool in_memory = false;  // its files take memory (tmpfs, ramfs)
};

// Of `directory`, or of the directory for temporary files; none if it cannot be found out.
std::optional<SpoolSpace> spool_space(const std::string& directory = {});

// How much of its memory share a process may use for buffers: all, or half if spooled bodies take
// memory too.
std::uint64_t buffered_bytes_within(std::uint64_t memory_share_bytes,
                                    const std::optional<SpoolSpace>& space);

// The most that the spooled bodies of one of so many processes may take: its share of half the free
// space and, if that space is memory, at most half of its memory share. Without a limit if the file
// system is unknown.
std::uint64_t spooled_bytes_within(std::uint64_t memory_share_bytes,
                                   const std::optional<SpoolSpace>& space,
                                   std::uint32_t process_count);

}  // namespace pelton::http

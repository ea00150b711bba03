// Reads octets of an open file without waiting for the disk, or with waiting, for other threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http/files/byte_ranges.hpp"

namespace pelton::http {

enum class Cached : std::uint8_t { yes, no, untold };

// Whether these octets of the file are in memory (cachestat(2), from Linux 6.5 on).
Cached is_cached(int file, const ByteRange& range);

// Reads octets that are in memory. Returns how many, 0 at the file's end, or -errno; -EAGAIN if the
// disk is needed, or may be.
std::int64_t read_cached(int file, std::uint64_t offset, char* memory, std::size_t bytes);
// The same, but waits for the disk.
std::int64_t read_file(int file, std::uint64_t offset, char* memory, std::size_t bytes);

// Loads the octets into memory; waits for the disk.
void warm(int file, const ByteRange& range);

}  // namespace pelton::http

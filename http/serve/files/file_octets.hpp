// Octets of an open file without waiting for the disk, and what it takes to wait for it elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http/files/byte_ranges.hpp"

namespace pelton::http {

enum class Cached : std::uint8_t { yes, no, untold };

// Whether these octets of the file are in memory (cachestat(2), from Linux 6.5 on).
Cached is_cached(int file, const ByteRange& range);

// Reads what is in memory. The octets read, 0 at the file's end, or -errno; -EAGAIN if the disk has
// to be waited for, or might have to.
std::int64_t read_cached(int file, std::uint64_t offset, char* memory, std::size_t bytes);
// The same with all the time there is.
std::int64_t read_file(int file, std::uint64_t offset, char* memory, std::size_t bytes);

// Brings the octets into memory, for who may wait.
void warm(int file, const ByteRange& range);

}  // namespace pelton::http

#include "http/serve/files/file_octets.hpp"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include <algorithm>
#include <array>
#include <atomic>

namespace pelton::http {
namespace {

// As in linux/mman.h, which some build systems do not have yet.
struct CacheRange {
  std::uint64_t offset;
  std::uint64_t bytes;
};
struct CacheState {
  std::uint64_t cached;
  std::uint64_t dirty;
  std::uint64_t writeback;
  std::uint64_t evicted;
  std::uint64_t recently_evicted;
};
constexpr long cachestat_number = 451;
constexpr std::uint64_t page_bytes = 4096;

std::atomic<bool> is_refused = false;

std::int64_t result_of(ssize_t bytes) {
  return bytes < 0 ? -errno : static_cast<std::int64_t>(bytes);
}

}  // namespace

Cached is_cached(int file, const ByteRange& range) {
  if (is_refused.load(std::memory_order_relaxed)) return Cached::untold;
  CacheRange asked{.offset = range.begin, .bytes = range.bytes()};
  CacheState state{};
  if (::syscall(cachestat_number, file, &asked, &state, 0u) != 0) {
    // Other errors concern only this file's file system, not all files.
    if (errno == ENOSYS || errno == EPERM) is_refused = true;
    return Cached::untold;
  }
  const std::uint64_t pages = (range.end + page_bytes - 1) / page_bytes - range.begin / page_bytes;
  return state.cached >= pages ? Cached::yes : Cached::no;
}

std::int64_t read_cached(int file, std::uint64_t offset, char* memory, std::size_t bytes) {
  const iovec vector{.iov_base = memory, .iov_len = bytes};
  const std::int64_t read =
      result_of(::preadv2(file, &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT));
  return read == -EOPNOTSUPP || read == -ENOSYS || read == -EINTR ? -EAGAIN : read;
}

std::int64_t read_file(int file, std::uint64_t offset, char* memory, std::size_t bytes) {
  std::int64_t read = 0;
  do {
    read = result_of(::pread(file, memory, bytes, static_cast<off_t>(offset)));
  } while (read == -EINTR);
  return read;
}

void warm(int file, const ByteRange& range) {
  std::array<char, std::size_t{64} * 1024> unwanted;
  for (std::uint64_t at = range.begin; at < range.end;) {
    const std::int64_t read = read_file(
        file, at, unwanted.data(),
        static_cast<std::size_t>(std::min<std::uint64_t>(unwanted.size(), range.end - at)));
    if (read <= 0) return;
    at += static_cast<std::uint64_t>(read);
  }
}

}  // namespace pelton::http

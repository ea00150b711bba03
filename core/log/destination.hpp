// Where log lines go: a file by its path, or a descriptor of the process. A write never waits for a
// reader: it takes the octets there is room for, and reports -EAGAIN if there is none.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace pelton {

class LogDestination {
 public:
  // Opens the file for appending and creates it if it does not exist; the error is an errno.
  static std::expected<LogDestination, int> of_path(const std::string& path);
  // For example standard output. The descriptor stays open and its mode, which other processes may
  // share, unchanged; the error is an errno.
  static std::expected<LogDestination, int> of_descriptor(int descriptor);

  LogDestination(LogDestination&& other) noexcept;
  LogDestination& operator=(LogDestination&& other) noexcept;
  ~LogDestination();

  // Returns the octets written, or -errno; -EAGAIN if a reader must first make room.
  std::ptrdiff_t write(std::span<const std::string_view> pieces);
  // The largest write() whose octets do not mix with those of other processes.
  std::size_t unmixed_bytes_max() const;
  // Becomes ready for POLLOUT when there is room again.
  int descriptor() const { return descriptor_; }
  // Opens a file anew at its path (PRC-004); returns 0, or an errno, and then the old file is kept.
  // Works without free descriptors too: one is kept in reserve (PRC-043).
  int reopen();

 private:
  enum class Kind : unsigned char { file, stream, socket };

  LogDestination(int descriptor, bool owned, std::string path);
  static Kind kind_of(int descriptor);
  void keep_reserve();

  int descriptor_;
  int reserve_ = -1;  // a second descriptor of a file; closing it frees one for reopen()
  bool owned_;
  Kind kind_;
  bool may_wait_ = false;  // a shared stream that may block, so it is polled before each write
  std::string path_;
};

}  // namespace pelton

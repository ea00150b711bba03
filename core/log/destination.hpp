// Where log lines go: a file by its path, or a descriptor of the process. A write never waits for a
// reader: it takes what there is room for, and says so when there is none.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace pelton {

class LogDestination {
 public:
  // Opens the file for appending, and makes it if it is not there; the error is an errno.
  static std::expected<LogDestination, int> of_path(const std::string& path);
  // Standard output or the like; it stays open and keeps its mode, whoever else has it.
  static std::expected<LogDestination, int> of_descriptor(int descriptor);

  LogDestination(LogDestination&& other) noexcept;
  LogDestination& operator=(LogDestination&& other) noexcept;
  ~LogDestination();

  // Octets taken, or -errno; -EAGAIN where a reader must take some first.
  std::ptrdiff_t write(std::span<const std::string_view> pieces);
  // Up to so many octets in one write() do not mix with those of other processes.
  std::size_t unmixed_bytes_max() const;
  // To be polled for POLLOUT.
  int descriptor() const { return descriptor_; }
  // A file is opened anew at its path (PRC-004), and the old one kept if that fails: an errno or 0.
  // Works without free descriptors too: one is in reserve for it (PRC-043).
  int reopen();

 private:
  enum class Kind : unsigned char { file, stream, socket };

  LogDestination(int descriptor, bool owned, std::string path);
  static Kind kind_of(int descriptor);
  void keep_reserve();

  int descriptor_;
  int reserve_ = -1;  // of a file: opened twice, so that closing the second makes room
  bool owned_;
  Kind kind_;
  bool may_wait_ = false;  // a stream whose mode is not ours to change
  std::string path_;
};

}  // namespace pelton

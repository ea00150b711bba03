#include "http/serve/body_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/check.hpp"

namespace pelton::http {

BodyFile::~BodyFile() {
  if (!view_.empty()) ::munmap(const_cast<char*>(view_.data()), view_.size());
  if (descriptor_ >= 0) ::close(descriptor_);
  if (account_) account_->give_back(taken_bytes_);
}

int BodyFile::open() {
  std::error_code no_directory;
  const std::string directory = std::filesystem::temp_directory_path(no_directory);
  if (no_directory) return no_directory.value();
  descriptor_ = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor_ >= 0) return 0;
  // ENOENT also means that the directory exists but its file system has no unnamed files.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return errno;
  std::string path = directory + "/pelton-XXXXXX";
  descriptor_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor_ < 0) return errno;
  ::unlink(path.c_str());
  return 0;
}

int BodyFile::append(std::span<const char> octets) {
  if (descriptor_ < 0) {
    if (const int error = open(); error != 0) return error;
  }
  if (account_) {
    if (!account_->take(octets.size())) return ENOSPC;
    taken_bytes_ += octets.size();
  }
  if (index_) index_->feed({octets.data(), octets.size()});
  while (!octets.empty()) {
    const ::ssize_t written = ::write(descriptor_, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes_ += static_cast<std::uint64_t>(written);
    octets = octets.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

int BodyFile::map() {
  CHECK(view_.empty());
  if (bytes_ == 0) return 0;
  void* const memory =
      ::mmap(nullptr, static_cast<std::size_t>(bytes_), PROT_READ, MAP_SHARED, descriptor_, 0);
  if (memory == MAP_FAILED) return errno;
  view_ = {static_cast<const char*>(memory), static_cast<std::size_t>(bytes_)};
  return 0;
}

}  // namespace pelton::http

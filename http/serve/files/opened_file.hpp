// A regular file opened for reading, and its facts at that time.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <utility>

#include "http/files/file_plan.hpp"

namespace pelton::http {

class OpenedFile {
 public:
  OpenedFile() = default;
  OpenedFile(int descriptor, const FileFacts& facts) : descriptor_(descriptor), facts_(facts) {}
  OpenedFile(OpenedFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), facts_(other.facts_) {}
  OpenedFile& operator=(OpenedFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    facts_ = other.facts_;
    return *this;
  }
  ~OpenedFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int descriptor() const { return descriptor_; }
  const FileFacts& facts() const { return facts_; }

 private:
  int descriptor_ = -1;
  FileFacts facts_;
};

}  // namespace pelton::http

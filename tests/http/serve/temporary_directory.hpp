// Where bodies are spooled, for the time of a test.
#pragma once

#include <cstdlib>
#include <string>

namespace pelton::http {

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const char* path) {
    if (const char* const before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", path, 1);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1);
  }

 private:
  std::string before_;
};

}  // namespace pelton::http

// Files and pipes of one test, removed at its end.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

namespace pelton {

class ScratchFolder {
 public:
  ScratchFolder() { EXPECT_NE(::mkdtemp(path_), nullptr); }
  ~ScratchFolder() {
    const std::string command = std::string("rm -rf ") + path_;
    EXPECT_EQ(::system(command.c_str()), 0);
  }
  std::string file(const std::string& name) const { return std::string(path_) + "/" + name; }
  std::string text_of(const std::string& name) const {
    std::ifstream stream(file(name));
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  char path_[32] = "/tmp/pelton-log-XXXXXX";
};

// A pipe that holds one page, so that it fills up soon.
class Pipe {
 public:
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read_end_ = ends[0];
    write_end_ = ends[1];
    EXPECT_GE(::fcntl(write_end_, F_SETPIPE_SZ, bytes_max), bytes_max);
  }
  ~Pipe() {
    close_read_end();
    ::close(write_end_);
  }
  static constexpr int bytes_max = 4096;

  int write_end() const { return write_end_; }
  void close_read_end() {
    if (read_end_ >= 0) ::close(read_end_);
    read_end_ = -1;
  }
  // Waits until there are octets, then takes all of them.
  std::string take() {
    std::string octets(1 << 20, '\0');
    const ssize_t bytes = ::read(read_end_, octets.data(), octets.size());
    octets.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return octets;
  }

 private:
  int read_end_;
  int write_end_;
};

// During its lifetime the process has no free descriptor.
class NoFreeDescriptors {
 public:
  NoFreeDescriptors() {
    const int lowest_free = ::dup(STDIN_FILENO);
    ::close(lowest_free);
    allow(static_cast<rlim_t>(lowest_free));
  }
  ~NoFreeDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  // Descriptors below this number may be opened, and no others.
  void allow(rlim_t number) const {
    const rlimit fewer{.rlim_cur = number, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &fewer), 0);
  }

 private:
  static rlimit limit_now() {
    rlimit now{};
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
    return now;
  }
  const rlimit before_ = limit_now();
};

}  // namespace pelton

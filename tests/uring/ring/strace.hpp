// Runs one disabled test of this executable under strace, which makes system calls fail.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace pelton::uring {

inline bool strace_works() {
  return std::system("strace -qq -o /dev/null -e trace=none true >/dev/null 2>&1") == 0;
}

// `injection` is the value of strace's -e inject=. True if the test passed.
inline bool passes_under(const std::string& injection, const std::string& test) {
  std::array<char, 4096> self{};
  EXPECT_GT(::readlink("/proc/self/exe", self.data(), self.size() - 1), 0);
  // The leak checker cannot work in a traced process.
  const std::string command = "ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=" +
                              injection.substr(0, injection.find(':')) + " -e inject=" + injection +
                              " " + self.data() +
                              " --gtest_also_run_disabled_tests --gtest_filter=" + test;
  return std::system(command.c_str()) == 0;
}

}  // namespace pelton::uring

// Runs a function of a test in a child process in which a seccomp filter answers io_uring's calls,
// as a container's filter does, and returns the function's text.
#pragma once

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace pelton::uring {

enum class FilteredCalls : std::uint8_t { set_up, enter, registration, all };

struct FilteredResult {
  std::string text;
  bool exited = false;  // by itself, not by a signal
};

inline bool install_filter(FilteredCalls calls, std::uint32_t verdict) {
  const auto call = [&](FilteredCalls which, int number) {
    // -1 is no system call's number: this row of the filter never matches.
    return static_cast<std::uint32_t>(calls == which || calls == FilteredCalls::all ? number : -1);
  };
  std::array<sock_filter, 6> rows = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call(FilteredCalls::set_up, SYS_io_uring_setup), 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call(FilteredCalls::enter, SYS_io_uring_enter), 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call(FilteredCalls::registration, SYS_io_uring_register),
               1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, verdict),
  }};
  sock_fprog program{.len = rows.size(), .filter = rows.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

template <typename Body>
FilteredResult run_filtered(FilteredCalls calls, std::uint32_t verdict, Body body) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string text = install_filter(calls, verdict) ? body() : "no filter";
    const bool written = ::write(ends[1], text.data(), text.size()) >= 0;
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  FilteredResult result;
  std::array<char, 512> piece;
  for (ssize_t bytes; (bytes = ::read(ends[0], piece.data(), piece.size())) > 0;) {
    result.text.append(piece.data(), static_cast<std::size_t>(bytes));
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  result.exited = WIFEXITED(status);
  return result;
}

template <typename Body>
std::string run_refused(FilteredCalls calls, int error, Body body) {
  const FilteredResult result =
      run_filtered(calls, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error), body);
  EXPECT_TRUE(result.exited);
  return result.text;
}

}  // namespace pelton::uring

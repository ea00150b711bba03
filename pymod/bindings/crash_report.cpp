#include "pymod/bindings/crash_report.hpp"

#include <execinfo.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "core/check.hpp"
#include "core/cores.hpp"

namespace pelton::py {

namespace {

struct Crash {
  int number;
  const char* name;
};

constexpr std::array<Crash, 5> crashes = {
    {{SIGSEGV, "SEGV"}, {SIGABRT, "ABRT"}, {SIGBUS, "BUS"}, {SIGILL, "ILL"}, {SIGFPE, "FPE"}}};
constexpr int frames_max = 64;

// A signal handler gets no context, so it finds the previous actions here.
std::array<struct sigaction, crashes.size()> crashes_before{};
struct sigaction stacks_before{};

// Only write(2): the heap and stdio may be broken.
void say(const char* text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void write_native_stack(const char* why) {
  say("pelton: ");
  say(why);
  say("; native stack, innermost first:\n");
  void* frames[frames_max];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, frames_max), STDERR_FILENO);
}

void on_crash(int number) {
  for (std::size_t index = 0; index < crashes.size(); ++index) {
    if (crashes[index].number != number) continue;
    // First of all, so that a crash in here ends the process.
    ::sigaction(number, &crashes_before[index], nullptr);
    write_native_stack(crashes[index].name);
  }
  ::raise(number);
}

void on_stacks_wanted(int number) {
  const int error = errno;
  // The kernel picks any thread; the loop is on the first.
  if (::gettid() != ::getpid()) {
    ::syscall(SYS_tgkill, ::getpid(), ::getpid(), number);
  } else {
    write_native_stack("stacks are wanted");
    if (stacks_before.sa_handler != SIG_DFL && stacks_before.sa_handler != SIG_IGN) {
      stacks_before.sa_handler(number);
    }
  }
  errno = error;
}

}  // namespace

void report_crashes() {
  // The first call loads a library, which no signal handler may do.
  void* frame[1];
  ::backtrace(frame, 1);
  struct sigaction action{};
  ::sigemptyset(&action.sa_mask);
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (std::size_t index = 0; index < crashes.size(); ++index) {
    CHECK(::sigaction(crashes[index].number, &action, &crashes_before[index]) == 0);
  }
  action.sa_handler = on_stacks_wanted;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  CHECK(::sigaction(stacks_signal(), &action, &stacks_before) == 0);
}

}  // namespace pelton::py

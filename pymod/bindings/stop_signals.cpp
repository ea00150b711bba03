#include "pymod/bindings/stop_signals.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "core/check.hpp"

namespace pelton::py {

namespace {

// A signal handler gets no context, so it finds the server here. A thread in sigwait(3) would not
// need this, but threads that the application started earlier have these signals unblocked, and the
// kernel would end the process through one of them.
std::atomic<StopSignals*> taken = nullptr;
std::atomic<http::Server*> stopped_by_signal = nullptr;
std::atomic<int> signals_seen = 0;

static_assert(std::atomic<StopSignals*>::is_always_lock_free);
static_assert(std::atomic<http::Server*>::is_always_lock_free);

// A child that the application has forked is no server: the previous action runs.
bool is_forked_child(int signal) {
  const StopSignals* const signals = taken.load();
  if (signals == nullptr || signals->is_ours()) [[likely]]
    return false;
  signals->give_back();
  ::raise(signal);  // once this handler has returned
  return true;
}

void on_signal(int signal) {
  const int error = errno;
  if (is_forked_child(signal)) {
    errno = error;
    return;
  }
  http::Server* const server = stopped_by_signal.load();
  if (signal == SIGQUIT) {
    // QUIT does not count: the kernel may deliver it before a TERM that was sent first.
    if (server != nullptr) server->stop_quickly();
  } else if (signals_seen.fetch_add(1) > 0) {
    ::_exit(128 + signal);
  } else if (server != nullptr) {
    server->stop();
  }
  errno = error;
}

// A closed terminal or a mistaken reload must not cut exchanges in flight. Not SIG_IGN, which
// processes that the application starts would inherit.
void on_unsupported(int signal, siginfo_t* info, void*) {
  const int error = errno;
  if (is_forked_child(signal)) {
    // The previous actions are restored.
  } else if (signal == SIGHUP) {
    static constexpr char line[] = "pelton: SIGHUP is not supported; it is ignored\n";
    pollfd room{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&room, 1, 0) == 1) {
      [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line, sizeof line - 1);
    }
  } else if (info->si_code == SI_KERNEL) {
    // The application used its terminal in the background. After this handler the kernel repeats
    // that call, and so for ever, unless the signal is ignored.
    ::signal(signal, SIG_IGN);
  }
  errno = error;
}

}  // namespace

StopSignals::StopSignals(http::Server& server) {
  http::Server* none = nullptr;
  CHECK(stopped_by_signal.compare_exchange_strong(none, &server));
  taken = this;
  signals_seen = 0;
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  CHECK(::sigaction(SIGTERM, &action, &old_term_) == 0);
  CHECK(::sigaction(SIGINT, &action, &old_int_) == 0);
  CHECK(::sigaction(SIGQUIT, &action, &old_quit_) == 0);
  action.sa_sigaction = on_unsupported;
  action.sa_flags |= SA_SIGINFO;
  for (std::size_t index = 0; index < unsupported.size(); ++index) {
    CHECK(::sigaction(unsupported[index], nullptr, &old_unsupported_[index]) == 0);
    // A handler that the application has set stays.
    if (old_unsupported_[index].sa_handler != SIG_DFL) continue;
    CHECK(::sigaction(unsupported[index], &action, nullptr) == 0);
  }
}

StopSignals::~StopSignals() {
  give_back();
  stopped_by_signal = nullptr;
  taken = nullptr;
}

void StopSignals::give_back() const {
  ::sigaction(SIGTERM, &old_term_, nullptr);
  ::sigaction(SIGINT, &old_int_, nullptr);
  ::sigaction(SIGQUIT, &old_quit_, nullptr);
  for (std::size_t index = 0; index < unsupported.size(); ++index) {
    if (old_unsupported_[index].sa_handler != SIG_DFL) continue;
    ::sigaction(unsupported[index], &old_unsupported_[index], nullptr);
  }
}

}  // namespace pelton::py

#include "pymod/bindings/reopen_signal.hpp"

#include <atomic>
#include <cerrno>

#include "core/check.hpp"

namespace pelton::py {

namespace {

// A signal handler gets no context, so it finds the writer here.
std::atomic<LogWriter*> told_by_signal = nullptr;

static_assert(std::atomic<LogWriter*>::is_always_lock_free);

std::atomic<const ReopenSignal*> taken = nullptr;

void on_signal(int signal) {
  const int error = errno;
  const ReopenSignal* const reopen = taken.load();
  if (reopen != nullptr && !reopen->is_ours()) {
    // In a child that the application has forked, the previous action runs.
    reopen->give_back();
    ::raise(signal);
  } else if (LogWriter* writer = told_by_signal.load()) {
    writer->reopen();
  }
  errno = error;
}

}  // namespace

ReopenSignal::ReopenSignal(LogWriter& writer) {
  CHECK(::sigaction(SIGUSR1, nullptr, &before_) == 0);
  if (before_.sa_handler == SIG_DFL) {
    LogWriter* none = nullptr;
    CHECK(told_by_signal.compare_exchange_strong(none, &writer));
    taken = this;
    struct sigaction action{};
    action.sa_handler = on_signal;
    ::sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    CHECK(::sigaction(SIGUSR1, &action, nullptr) == 0);
    taken_ = true;
  }
  // A worker starts with USR1 blocked: a signal sent meanwhile arrives now.
  sigset_t usr1;
  ::sigemptyset(&usr1);
  ::sigaddset(&usr1, SIGUSR1);
  CHECK(::pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr) == 0);
}

ReopenSignal::~ReopenSignal() {
  if (!taken_) return;
  give_back();
  told_by_signal = nullptr;
  taken = nullptr;
}

void ReopenSignal::give_back() const {
  ::sigaction(SIGUSR1, &before_, nullptr);
}

}  // namespace pelton::py

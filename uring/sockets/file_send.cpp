#include "uring/sockets/file_send.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <time.h>

#include <cerrno>

namespace pelton::uring {
namespace {

// Blocks SIGPIPE, so that a peer that has gone is only an errno: sendfile() has no MSG_NOSIGNAL,
// and the application decides whether the process ignores the signal.
class PipeSignalHeld {
 public:
  PipeSignalHeld() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  PipeSignalHeld(const PipeSignalHeld&) = delete;
  PipeSignalHeld& operator=(const PipeSignalHeld&) = delete;
  ~PipeSignalHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  // Removes the pending signal of an EPIPE.
  void forget() const {
    constexpr timespec at_once{};
    if (sigismember(&before_, SIGPIPE) == 0) sigtimedwait(&pipe_, nullptr, &at_once);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

}  // namespace

std::int64_t send_file(Descriptor socket, Descriptor file, std::uint64_t offset, std::size_t bytes,
                       SocketMode mode) {
  const PipeSignalHeld held;
  int flags = 0;
  if (mode == SocketMode::blocking) {
    flags = ::fcntl(socket, F_GETFL);
    if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
  }
  auto position = static_cast<off_t>(offset);
  ssize_t sent = 0;
  do {
    sent = ::sendfile(socket, file, &position, bytes);
  } while (sent < 0 && errno == EINTR);
  const std::int64_t result = sent < 0 ? -errno : static_cast<std::int64_t>(sent);
  if (mode == SocketMode::blocking) ::fcntl(socket, F_SETFL, flags);
  if (result == -EPIPE) held.forget();
  return result;
}

}  // namespace pelton::uring

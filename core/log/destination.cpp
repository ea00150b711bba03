#include "core/log/destination.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/check.hpp"

namespace pelton {
namespace {

constexpr std::size_t pieces_max = 3;
// How long to wait until another process has finished its write to the same terminal. It takes
// longer only if the terminal is full, and then this line is dropped.
constexpr int busy_ms_max = 10;
constexpr int busy_tries_max = 3;

int open_path(const std::string& path) {
  // Without O_NONBLOCK, opening a pipe would wait for its reader.
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                0644);
}

// Whether a write would do something at once: take octets, or fail with an error that says why.
bool has_room(int descriptor, int within_ms) {
  pollfd room{descriptor, POLLOUT, 0};
  return ::poll(&room, 1, within_ms) == 1;
}

}  // namespace

std::expected<LogDestination, int> LogDestination::of_path(const std::string& path) {
  const int descriptor = open_path(path);
  if (descriptor < 0) return std::unexpected(errno);
  LogDestination made(descriptor, true, path);
  made.keep_reserve();
  return made;
}

std::expected<LogDestination, int> LogDestination::of_descriptor(int descriptor) {
  if (::fcntl(descriptor, F_GETFD) < 0) return std::unexpected(errno);
  LogDestination made(descriptor, false, {});
  if (made.kind_ != Kind::stream) return made;
  // All users of an open file share its mode, so the pipe or terminal is opened once more, and only
  // this new open file is non-blocking.
  const std::string itself = "/proc/self/fd/" + std::to_string(descriptor);
  const int own = ::open(itself.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (own >= 0) return LogDestination(own, true, {});
  made.may_wait_ = true;
  return made;
}

LogDestination::Kind LogDestination::kind_of(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return Kind::stream;
  if (S_ISREG(status.st_mode)) return Kind::file;
  return S_ISSOCK(status.st_mode) ? Kind::socket : Kind::stream;
}

LogDestination::LogDestination(int descriptor, bool owned, std::string path)
    : descriptor_(descriptor), owned_(owned), kind_(kind_of(descriptor)), path_(std::move(path)) {}

LogDestination::LogDestination(LogDestination&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      reserve_(std::exchange(other.reserve_, -1)),
      owned_(std::exchange(other.owned_, false)),
      kind_(other.kind_),
      may_wait_(other.may_wait_),
      path_(std::move(other.path_)) {}

LogDestination& LogDestination::operator=(LogDestination&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(reserve_, other.reserve_);
  std::swap(owned_, other.owned_);
  std::swap(kind_, other.kind_);
  std::swap(may_wait_, other.may_wait_);
  std::swap(path_, other.path_);
  return *this;
}

LogDestination::~LogDestination() {
  if (owned_) ::close(descriptor_);
  if (reserve_ >= 0) ::close(reserve_);
}

void LogDestination::keep_reserve() {
  if (reserve_ < 0) reserve_ = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
}

std::ptrdiff_t LogDestination::write(std::span<const std::string_view> pieces) {
  CHECK(pieces.size() <= pieces_max);
  std::array<iovec, pieces_max> vectors{};
  std::size_t count = 0;
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) vectors[count++] = {const_cast<char*>(piece.data()), piece.size()};
  }
  if (count == 0) return 0;
  if (may_wait_ && !has_room(descriptor_, 0)) return -EAGAIN;
  ssize_t written;
  int busy_tries = 0;
  for (;;) {
    if (kind_ == Kind::socket) {
      msghdr message{};
      message.msg_iov = vectors.data();
      message.msg_iovlen = count;
      written = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      written = ::writev(descriptor_, vectors.data(), static_cast<int>(count));
    }
    if (written >= 0 || (errno != EINTR && errno != EAGAIN)) break;
    if (errno == EINTR) continue;
    // EAGAIN of a terminal: it is full, or another process is writing to it.
    const bool may_be_busy = kind_ == Kind::stream && ::isatty(descriptor_) == 1;
    if (!may_be_busy || ++busy_tries > busy_tries_max || !has_room(descriptor_, busy_ms_max)) {
      return -EAGAIN;
    }
  }
  return written >= 0 ? written : -errno;
}

std::size_t LogDestination::unmixed_bytes_max() const {
  // One write to a file opened with O_APPEND stays in one piece, however long.
  return kind_ == Kind::file ? SSIZE_MAX : PIPE_BUF;
}

int LogDestination::reopen() {
  if (path_.empty()) return 0;
  int fresh = open_path(path_);
  if (fresh < 0 && (errno == EMFILE || errno == ENFILE) && reserve_ >= 0) {
    ::close(std::exchange(reserve_, -1));
    fresh = open_path(path_);
  }
  if (fresh < 0) {
    const int error = errno;
    keep_reserve();
    return error;
  }
  if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
  // The new file takes the number of the old one, and its own number becomes the reserve: neither
  // is ever free for another thread to take. If the limit of open files was lowered below the old
  // number, dup3() fails.
  const bool in_place = ::dup3(fresh, descriptor_, O_CLOEXEC) >= 0;
  if (!in_place) ::close(std::exchange(descriptor_, fresh));
  if (in_place) reserve_ = fresh;
  keep_reserve();
  kind_ = kind_of(descriptor_);
  return 0;
}

}  // namespace pelton

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

int open_path(const std::string& path) {
  // Without O_NONBLOCK the opening of a pipe would wait for its reader.
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                0644);
}

}  // namespace

std::expected<LogDestination, int> LogDestination::of_path(const std::string& path) {
  const int descriptor = open_path(path);
  if (descriptor < 0) return std::unexpected(errno);
  return LogDestination(descriptor, true, path);
}

std::expected<LogDestination, int> LogDestination::of_descriptor(int descriptor) {
  if (::fcntl(descriptor, F_GETFD) < 0) return std::unexpected(errno);
  LogDestination made(descriptor, false, {});
  if (made.kind_ != Kind::stream) return made;
  // A mode belongs to all who share an open file: our own opening of the same pipe or terminal is
  // the one that may be told not to wait.
  const std::string itself = "/proc/self/fd/" + std::to_string(descriptor);
  const int own = ::open(itself.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (own >= 0) return LogDestination(own, true, {});
  made.may_wait_ = true;
  return made;
}

LogDestination::LogDestination(int descriptor, bool owned, std::string path)
    : descriptor_(descriptor), owned_(owned), kind_(Kind::stream), path_(std::move(path)) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return;
  if (S_ISREG(status.st_mode)) kind_ = Kind::file;
  if (S_ISSOCK(status.st_mode)) kind_ = Kind::socket;
}

LogDestination::LogDestination(LogDestination&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      owned_(std::exchange(other.owned_, false)),
      kind_(other.kind_),
      may_wait_(other.may_wait_),
      path_(std::move(other.path_)) {}

LogDestination& LogDestination::operator=(LogDestination&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(owned_, other.owned_);
  std::swap(kind_, other.kind_);
  std::swap(may_wait_, other.may_wait_);
  std::swap(path_, other.path_);
  return *this;
}

LogDestination::~LogDestination() {
  if (owned_) ::close(descriptor_);
}

std::ptrdiff_t LogDestination::write(std::span<const std::string_view> pieces) {
  CHECK(pieces.size() <= pieces_max);
  std::array<iovec, pieces_max> vectors{};
  std::size_t count = 0;
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) vectors[count++] = {const_cast<char*>(piece.data()), piece.size()};
  }
  if (count == 0) return 0;
  if (may_wait_) {
    pollfd room{descriptor_, POLLOUT, 0};
    if (::poll(&room, 1, 0) != 1) return -EAGAIN;
  }
  ssize_t written;
  do {
    if (kind_ == Kind::socket) {
      msghdr message{};
      message.msg_iov = vectors.data();
      message.msg_iovlen = count;
      written = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      written = ::writev(descriptor_, vectors.data(), static_cast<int>(count));
    }
  } while (written < 0 && errno == EINTR);
  return written >= 0 ? written : -errno;
}

std::size_t LogDestination::unmixed_bytes_max() const {
  // One write to a file that is appended to is one piece of it, however long.
  return kind_ == Kind::file ? SSIZE_MAX : PIPE_BUF;
}

int LogDestination::reopen() {
  if (path_.empty()) return 0;
  const int fresh = open_path(path_);
  if (fresh < 0) return errno;
  *this = LogDestination(fresh, true, path_);
  return 0;
}

}  // namespace pelton

#include "core/successor.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "core/process_start.hpp"

namespace pelton {
namespace {

constexpr std::string_view ready = "ready";
constexpr std::string_view yields = "serve";
constexpr std::size_t word_bytes_max = 16;

bool tell(int socket, std::string_view word) {
  return ::send(socket, word.data(), word.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

// Empty if the other end is closed; no value if nothing has arrived yet.
std::optional<std::string> told_at(int socket) {
  char octets[word_bytes_max];
  const ssize_t bytes = ::recv(socket, octets, sizeof octets, MSG_DONTWAIT);
  if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  return std::string(octets, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
}

}  // namespace

std::expected<Successor, int> Successor::start(const SuccessorStart& start,
                                               std::uint64_t ready_by_ms) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(errno);
  }
  std::vector<std::string> environment(start.environment.begin(), start.environment.end());
  environment.push_back(std::string(predecessor_variable) + "=" + std::to_string(ends[1]));
  std::vector<int> inherited(start.inherited.begin(), start.inherited.end());
  inherited.push_back(ends[1]);
  const auto pid = start_process({.command = start.command,
                                  .environment = environment,
                                  .inherited = inherited,
                                  .mask = start.mask});
  ::close(ends[1]);
  if (!pid) {
    ::close(ends[0]);
    return std::unexpected(pid.error());
  }
  return Successor(*pid, ends[0], ready_by_ms);
}

Successor::Successor(Successor&& other) noexcept
    : pid_(other.pid_),
      socket_(std::exchange(other.socket_, -1)),
      ready_by_ms_(other.ready_by_ms_),
      kill_at_ms_(other.kill_at_ms_) {}

Successor::~Successor() {
  if (socket_ >= 0) ::close(socket_);
}

std::uint64_t Successor::wake_ms() const {
  return socket_ >= 0 ? std::min(ready_by_ms_, kill_at_ms_) : kill_at_ms_;
}

bool Successor::takes_over() const {
  return socket_ >= 0 && told_at(socket_) == ready && tell(socket_, yields);
}

void Successor::end(std::uint64_t kill_at_ms) {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  kill_at_ms_ = kill_at_ms;
}

void Successor::kill_if_due(std::uint64_t now_ms) {
  if (now_ms < kill_at_ms_) return;
  kill_at_ms_ = ~std::uint64_t{0};
  kill();
}

std::optional<int> Successor::status() const {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  return status;
}

void Predecessor::tell_ready() {
  if (!std::exchange(told_, true)) tell(socket_, ready);
}

Predecessor::Answer Predecessor::answer() {
  if (socket_ < 0) return Answer::none;
  const std::optional<std::string> told = told_at(socket_);
  if (!told) return Answer::none;
  forget();
  return *told == yields ? Answer::yields : Answer::goes_on;
}

void Predecessor::forget() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace pelton

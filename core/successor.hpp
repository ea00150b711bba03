// A supervisor that takes the place of another one, as each of the two sees the other (PRC-005).
// They share a socket. The successor says over it that it is ready; the predecessor answers that it
// yields, or closes its end, and then the successor ends.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

namespace pelton {

// Where a successor finds the descriptor of its end, in addition to `SuccessorStart::environment`.
inline constexpr const char* predecessor_variable = "PELTON_UPGRADE_PREDECESSOR";

struct SuccessorStart {
  std::span<const std::string> command;      // argv; argv[0] is searched in PATH
  std::span<const std::string> environment;  // the whole of it, as NAME=value
  std::span<const int> inherited;            // descriptors that keep their numbers
  sigset_t mask;
};

// A child process.
class Successor {
 public:
  // The error is an errno. From `ready_by_ms` on it is too late for the successor.
  static std::expected<Successor, int> start(const SuccessorStart& start,
                                             std::uint64_t ready_by_ms);
  Successor(Successor&& other) noexcept;
  Successor& operator=(Successor&&) = delete;
  ~Successor();

  pid_t pid() const { return pid_; }
  int socket() const { return socket_; }  // to wait for; -1 after end()
  std::uint64_t wake_ms() const;          // when proceed() must be called even so
  bool is_late(std::uint64_t now_ms) const { return socket_ >= 0 && now_ms >= ready_by_ms_; }

  // Whether it is ready. If so it has been told that the caller yields, and serves alone.
  bool takes_over() const;
  // Has it end, which takes as long as its workers' requests; at `kill_at_ms` it is killed.
  void end(std::uint64_t kill_at_ms);
  void kill_if_due(std::uint64_t now_ms);
  void kill() const { ::kill(pid_, SIGKILL); }
  // Its waitpid(2) status, once it has ended.
  std::optional<int> status() const;

 private:
  Successor(pid_t pid, int socket, std::uint64_t ready_by_ms)
      : pid_(pid), socket_(socket), ready_by_ms_(ready_by_ms) {}

  pid_t pid_;
  int socket_;
  std::uint64_t ready_by_ms_;
  std::uint64_t kill_at_ms_ = ~std::uint64_t{0};
};

class Predecessor {
 public:
  enum class Answer : std::uint8_t { none, yields, goes_on };

  // Takes over this end of the socket; -1: there is no predecessor, or none any more.
  explicit Predecessor(int socket) : socket_(socket) {}
  Predecessor(const Predecessor&) = delete;
  Predecessor& operator=(const Predecessor&) = delete;
  ~Predecessor() { forget(); }

  bool is_there() const { return socket_ >= 0; }
  int socket() const { return socket_; }
  // The first call tells that this process is ready to take over.
  void tell_ready();
  // `goes_on` also if the predecessor has died. After an answer it is no longer there.
  Answer answer();

 private:
  void forget();

  int socket_;
  bool told_ = false;
};

}  // namespace pelton

#include "uring/epoll/readiness.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "core/check.hpp"

namespace pelton::uring {

namespace {

// epoll_pwait2(2) of Linux 5.11 is called by its number, the same on every architecture: the C
// library and the headers with which portable wheels are built do not know it.
constexpr long epoll_pwait2_number = 441;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t millisecond_ns = 1'000'000;

// The kernel's own layout; the C library's timespec differs from it on 32-bit machines.
struct KernelTimespec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

long pwait2(int epoll, std::span<epoll_event> events, const KernelTimespec* timeout) {
  return ::syscall(epoll_pwait2_number, epoll, events.data(), static_cast<int>(events.size()),
                   timeout, nullptr, std::size_t{0});
}

// The only error of a wait on a valid set is EINTR.
int counted(long result) {
  if (result >= 0) return static_cast<int>(result);
  CHECK(errno == EINTR);
  return -EINTR;
}

}  // namespace

std::expected<Readiness, int> Readiness::open() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return std::unexpected(errno);
  Readiness readiness(epoll);
  // A filter may forbid the newer call with any errno, so the call is tried.
  epoll_event event;
  const KernelTimespec at_once{};
  readiness.precise_ = pwait2(epoll, std::span(&event, 1), &at_once) == 0;
  return readiness;
}

Readiness::~Readiness() {
  if (epoll_ >= 0) ::close(epoll_);
}

int Readiness::watch(Descriptor descriptor, std::uint32_t events, bool known) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  const int first = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (::epoll_ctl(epoll_, first, descriptor, &event) == 0) return 0;
  // Other code has closed and reopened the descriptor, or has passed it on while it was watched.
  const bool wrong_guess = errno == (known ? ENOENT : EEXIST);
  if (!wrong_guess) return errno;
  const int second = known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return ::epoll_ctl(epoll_, second, descriptor, &event) == 0 ? 0 : errno;
}

int Readiness::watch_in_turn(Descriptor descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events | EPOLLEXCLUSIVE;
  event.data.fd = descriptor;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno;
}

void Readiness::forget(Descriptor descriptor) {
  // With ENOENT or EBADF the kernel has already forgotten the descriptor.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

int Readiness::poll(std::span<epoll_event> events) {
  return counted(::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0));
}

int Readiness::wait(std::span<epoll_event> events, std::uint64_t left_ns) {
  const auto room = static_cast<int>(events.size());
  if (left_ns == no_deadline) return counted(::epoll_wait(epoll_, events.data(), room, -1));
  // Longer waits than both calls can take end early; the caller waits again.
  constexpr std::int64_t left_ns_max = std::numeric_limits<int>::max() * millisecond_ns;
  const auto ns = static_cast<std::int64_t>(std::min<std::uint64_t>(left_ns, left_ns_max));
  if (precise_) {
    const KernelTimespec timeout{ns / second_ns, ns % second_ns};
    return counted(pwait2(epoll_, events, &timeout));
  }
  const std::int64_t ms = (ns + millisecond_ns - 1) / millisecond_ns;
  return counted(::epoll_wait(epoll_, events.data(), room, static_cast<int>(ms)));
}

}  // namespace pelton::uring

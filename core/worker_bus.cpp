#include "core/worker_bus.hpp"

#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace pelton {

std::expected<WorkerBus, int> WorkerBus::create(std::size_t slots) {
  WorkerBus bus;
  std::array<unsigned char, 16> octets;
  if (::getrandom(octets.data(), octets.size(), 0) != ssize_t{octets.size()}) {
    return std::unexpected(errno);
  }
  constexpr char digits[] = "0123456789abcdef";
  for (const unsigned char octet : octets) {
    bus.name_ += digits[octet >> 4];
    bus.name_ += digits[octet & 0xf];
  }
  for (std::size_t slot = 0; slot < slots; ++slot) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
      return std::unexpected(errno);
    }
    bus.inboxes_.push_back(ends[0]);
    bus.outboxes_.push_back(ends[1]);
  }
  return bus;
}

WorkerBus::~WorkerBus() {
  for (const int descriptor : inboxes_) ::close(descriptor);
  for (const int descriptor : outboxes_) ::close(descriptor);
}

std::vector<int> WorkerBus::descriptors_of(std::size_t slot) const {
  std::vector<int> descriptors{inboxes_[slot]};
  descriptors.insert(descriptors.end(), outboxes_.begin(), outboxes_.end());
  return descriptors;
}

}  // namespace pelton

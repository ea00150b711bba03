#include "uring/ring/trial.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "core/monotonic.hpp"
#include "uring/limits.hpp"

namespace pelton::uring {

namespace {

constexpr std::string_view question = "octets that were sent";
constexpr std::string_view answer = "octets that came back";

Token token(Operation operation) {
  return Token(operation, 0, 0);
}

class Trial {
 public:
  explicit Trial(RingEngine& ring) : ring_(ring), deadline_ns_(monotonic_ns() + probe_timeout_ns) {}
  Trial(const Trial&) = delete;
  ~Trial() {
    for (const Descriptor descriptor : {server_, client_, listener_}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }

  int nop() {
    ring_.nop(token(Operation::nop));
    return expect(Operation::nop, 0);
  }

  int timeout() {
    std::array<Completion, 1> batch;
    const std::uint64_t until_ns = monotonic_ns() + 1'000'000;
    if (ring_.turn(batch, until_ns, {}) != 0) return EPROTO;
    return monotonic_ns() >= until_ns ? 0 : EPROTO;
  }

  int accept() {
    // The kernel chooses an abstract address, visible only in this network namespace.
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socklen_t bytes = sizeof(sa_family_t);
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener_ < 0 || client_ < 0 || ::bind(listener_, plain, bytes) != 0 ||
        ::listen(listener_, 1) != 0) {
      return errno;
    }
    bytes = sizeof address;
    if (::getsockname(listener_, plain, &bytes) != 0) return errno;

    ring_.accept(token(Operation::accept), listener_);
    if (const int error = settle(); error != 0) return error;
    if (::connect(client_, plain, bytes) != 0) return errno;
    const Completion completion = next();
    if (completion.token != token(Operation::accept)) return wrong(completion);
    if (completion.result < 0) return -completion.result;
    server_ = completion.result;
    return completion.more ? 0 : EPROTO;
  }

  int receive() {
    ring_.receive(token(Operation::receive), server_);
    if (const int error = settle(); error != 0) return error;
    if (::send(client_, question.data(), question.size(), MSG_NOSIGNAL) < 0) return errno;
    const Completion completion = next();
    if (completion.token != token(Operation::receive)) return wrong(completion);
    if (completion.result < 0) return -completion.result;
    if (completion.buffer == no_buffer) return EPROTO;
    const BufferLease lease(ring_.buffers(), completion.buffer,
                            static_cast<std::size_t>(completion.result));
    return completion.more && lease.view() == question ? 0 : EPROTO;
  }

  int send() {
    ring_.send(token(Operation::send), server_, answer);
    const int error = expect(Operation::send, static_cast<std::int32_t>(answer.size()));
    if (error != 0) return error;
    std::array<char, answer.size() + 1> memory;
    const ssize_t bytes = ::recv(client_, memory.data(), memory.size(), 0);
    if (bytes < 0) return errno;
    return std::string_view(memory.data(), static_cast<std::size_t>(bytes)) == answer ? 0 : EPROTO;
  }

  int poll() {
    ring_.poll(token(Operation::poll), server_, POLLOUT);
    return expect(Operation::poll, POLLOUT);
  }

  int cancel() {
    for (const Operation target : {Operation::receive, Operation::accept}) {
      ring_.cancel(token(Operation::cancel), token(target));
      // The two completions come in either order.
      for (int ends = 0; ends < 2; ++ends) {
        const Completion completion = next();
        const bool asked = completion.token == token(Operation::cancel);
        if (!asked && completion.token != token(target)) return wrong(completion);
        if (completion.result != (asked ? 0 : -ECANCELED)) return wrong(completion);
      }
    }
    return 0;
  }

  int close() {
    ring_.close(token(Operation::close), server_);
    server_ = -1;
    return expect(Operation::close, 0);
  }

 private:
  Completion next() {
    std::array<Completion, 1> batch;
    while (monotonic_ns() < deadline_ns_) {
      if (ring_.turn(batch, deadline_ns_, {}) == 1) return batch[0];
    }
    return {.token = Token(), .result = -ETIME};
  }

  // Submits, so that the operation already waits when the peer acts, as is usual.
  int settle() {
    std::array<Completion, 1> batch;
    return ring_.turn(batch, 0, {}) == 0 ? 0 : wrong(batch[0]);
  }

  int expect(Operation operation, std::int32_t result) {
    const Completion completion = next();
    return completion.token == token(operation) && completion.result == result ? 0
                                                                               : wrong(completion);
  }

  static int wrong(const Completion& completion) {
    return completion.result < 0 ? -completion.result : EPROTO;
  }

  RingEngine& ring_;
  std::uint64_t deadline_ns_;
  Descriptor listener_ = -1;
  Descriptor client_ = -1;
  Descriptor server_ = -1;
};

}  // namespace

std::vector<TrialStep> try_ring(RingEngine& ring) {
  struct Step {
    std::string_view name;
    int (Trial::*make)();
  };
  static constexpr std::array<Step, 8> steps = {{
      {"nop", &Trial::nop},
      {"timeout", &Trial::timeout},
      {"accept", &Trial::accept},
      {"receive", &Trial::receive},
      {"send", &Trial::send},
      {"poll", &Trial::poll},
      {"cancel", &Trial::cancel},
      {"close", &Trial::close},
  }};
  Trial trial(ring);
  std::vector<TrialStep> report;
  for (const Step& step : steps) {
    report.push_back({step.name, (trial.*step.make)()});
    if (report.back().error != 0) break;
  }
  return report;
}

}  // namespace pelton::uring

#include "uring/sockets/listener.hpp"

#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "uring/sockets/address.hpp"

namespace pelton::uring {

namespace {

std::unexpected<ListenFailure> failure(const std::string& where, int error,
                                       const std::string& why) {
  return std::unexpected(ListenFailure{error, "cannot listen on " + where + ": " + why});
}

std::unexpected<ListenFailure> failure(const std::string& where, int error) {
  return failure(where, error, std::strerror(error));
}

bool enable(Descriptor socket, int level, int option) {
  const int on = 1;
  return ::setsockopt(socket, level, option, &on, sizeof on) == 0;
}

bool bind_tcp(Descriptor socket, const addrinfo& candidate, PortSharing sharing) {
  // SO_REUSEADDR lets a restart take the port while old connections are in TIME_WAIT.
  if (!enable(socket, SOL_SOCKET, SO_REUSEADDR)) return false;
  // One family per socket: whether "::" also takes IPv4 must not depend on a sysctl.
  if (candidate.ai_family == AF_INET6 && !enable(socket, IPPROTO_IPV6, IPV6_V6ONLY)) return false;
  if (sharing == PortSharing::member && !enable(socket, SOL_SOCKET, SO_REUSEPORT)) return false;
  if (::bind(socket, candidate.ai_addr, candidate.ai_addrlen) != 0) return false;
  // Set only after bind(), so that the founder's bind() fails if any socket has the port, even one
  // that shares it; members can still join later.
  return sharing != PortSharing::founder || enable(socket, SOL_SOCKET, SO_REUSEPORT);
}

bool left_behind(const sockaddr_un& address) {
  struct stat entry{};
  if (::lstat(address.sun_path, &entry) != 0 || !S_ISSOCK(entry.st_mode)) return false;
  const Descriptor probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return false;
  const bool refused =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

}  // namespace

bool steer_by_cpu(Descriptor member, std::span<const unsigned> cpus, std::size_t sockets) {
  // A number that no socket has leaves the choice to the kernel.
  constexpr std::uint32_t any_socket = ~std::uint32_t{0};
  std::vector<sock_filter> program;
  program.push_back(
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_CPU)});
  for (std::size_t index = 0; index < cpus.size(); ++index) {
    program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, cpus[index]});
    program.push_back({BPF_RET | BPF_K, 0, 0, static_cast<std::uint32_t>(index % sockets)});
  }
  program.push_back({BPF_RET | BPF_K, 0, 0, any_socket});
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(member, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &whole, sizeof whole) == 0;
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::expected<Listener, ListenFailure> Listener::tcp(const std::string& host, std::uint16_t port,
                                                     int backlog, PortSharing sharing) {
  const std::string port_text = std::to_string(port);
  const std::string where =
      (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + port_text;
  addrinfo wish{};
  wish.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  wish.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port_text.c_str(), &wish, &found); error != 0) {
    return failure(where, 0, ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);

  int error = 0;
  for (const addrinfo* candidate = found; candidate != nullptr; candidate = candidate->ai_next) {
    Listener listener(
        ::socket(candidate->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (listener.descriptor_ >= 0 && bind_tcp(listener.descriptor_, *candidate, sharing) &&
        ::listen(listener.descriptor_, backlog) == 0) {
      listener.port_ = local_address(listener.descriptor_).port;
      return listener;
    }
    error = errno;
  }
  return failure(where, error);
}

std::expected<Listener, ListenFailure> Listener::unix_path(const std::string& path, int backlog) {
  const std::string where = "unix:" + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return failure(where, EINVAL);
  if (path.size() >= sizeof address.sun_path) return failure(where, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());

  Listener listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.descriptor_ < 0) return failure(where, errno);
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  int bound = ::bind(listener.descriptor_, plain, sizeof address);
  if (bound != 0 && errno == EADDRINUSE) {
    if (!left_behind(address)) return failure(where, EADDRINUSE);
    ::unlink(path.c_str());
    bound = ::bind(listener.descriptor_, plain, sizeof address);
  }
  if (bound != 0 || ::listen(listener.descriptor_, backlog) != 0) return failure(where, errno);
  return listener;
}

}  // namespace pelton::uring

#include "system_calls.hpp"

#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace {

pelton::uring::SystemCalls calls;

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace pelton::uring {
SystemCalls system_calls() {
  return calls;
}
}  // namespace pelton::uring

extern "C" {

__attribute__((visibility("default"))) ssize_t recv(int socket, void* memory, size_t bytes,
                                                    int flags) {
  static auto* const real = next<ssize_t(int, void*, size_t, int)>("recv");
  ++calls.receives;
  const ssize_t result = real(socket, memory, bytes, flags);
  if (result < 0 && errno == EAGAIN) ++calls.receives_in_vain;
  return result;
}

__attribute__((visibility("default"))) ssize_t send(int socket, const void* memory, size_t bytes,
                                                    int flags) {
  static auto* const real = next<ssize_t(int, const void*, size_t, int)>("send");
  ++calls.sends;
  return real(socket, memory, bytes, flags);
}

__attribute__((visibility("default"))) int accept4(int listener, sockaddr* address,
                                                   socklen_t* bytes, int flags) {
  static auto* const real = next<int(int, sockaddr*, socklen_t*, int)>("accept4");
  ++calls.accepts;
  return real(listener, address, bytes, flags);
}

__attribute__((visibility("default"))) int epoll_ctl(int epoll, int operation, int descriptor,
                                                     epoll_event* event) noexcept {
  static auto* const real = next<int(int, int, int, epoll_event*)>("epoll_ctl");
  ++calls.controls;
  return real(epoll, operation, descriptor, event);
}

__attribute__((visibility("default"))) int epoll_wait(int epoll, epoll_event* events, int room,
                                                      int timeout_ms) {
  static auto* const real = next<int(int, epoll_event*, int, int)>("epoll_wait");
  if (timeout_ms == 0) ++calls.probes;
  return real(epoll, events, room, timeout_ms);
}
}

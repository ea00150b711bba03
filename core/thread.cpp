#include "core/thread.hpp"

#include <csignal>
#include <cstddef>

#include "core/check.hpp"

namespace pelton {
namespace {

constexpr std::size_t stack_bytes = std::size_t{256} * 1024;

}  // namespace

std::optional<pthread_t> start_thread(const char* name, void* (*body)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // The new thread inherits this thread's signal mask.
  CHECK(::pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t thread{};
  const bool begun = ::pthread_create(&thread, &attributes, body, argument) == 0;
  if (begun) ::pthread_setname_np(thread, name);
  ::pthread_attr_destroy(&attributes);
  CHECK(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
  if (!begun) return std::nullopt;
  return thread;
}

}  // namespace pelton

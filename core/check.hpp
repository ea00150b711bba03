// A CHECK states what must be true unless pelton itself is broken. It stays on in every build: a
// failing check prints where and what, and aborts, so the supervisor replaces the worker.
#pragma once

#include <source_location>

namespace pelton {

[[noreturn]] void check_failed(const char* expression, std::source_location where);

}  // namespace pelton

#define CHECK(expression)                             \
  (__builtin_expect(static_cast<bool>(expression), 1) \
       ? static_cast<void>(0)                         \
       : ::pelton::check_failed(#expression, std::source_location::current()))

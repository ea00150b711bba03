// A CHECK states a condition that is false only if pelton itself is broken. It stays on in every
// build: a failing check prints the condition and its place and aborts, so that the supervisor
// replaces the worker.
#pragma once

#include <source_location>

namespace pelton {

[[noreturn]] void check_failed(const char* expression, std::source_location where);

}  // namespace pelton

#define CHECK(expression)                             \
  (__builtin_expect(static_cast<bool>(expression), 1) \
       ? static_cast<void>(0)                         \
       : ::pelton::check_failed(#expression, std::source_location::current()))

// Starts pelton's threads other than the loop's.
#pragma once

#include <pthread.h>

#include <optional>

namespace pelton {

// Starts a thread with a small stack and all signals blocked: other threads handle signals. `name`
// has at most 15 characters. No value if the process can have no more threads.
std::optional<pthread_t> start_thread(const char* name, void* (*body)(void*), void* argument);

}  // namespace pelton

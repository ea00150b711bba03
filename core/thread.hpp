// Starts the threads of our own beside the loop's.
#pragma once

#include <pthread.h>

#include <optional>

namespace pelton {

// A thread with a small stack and all signals blocked, which are for threads that know what to do
// with them. `name` has at most 15 characters. Absent if the process can have no more threads.
std::optional<pthread_t> start_thread(const char* name, void* (*body)(void*), void* argument);

}  // namespace pelton

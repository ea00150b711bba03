// What a process does before and around serving: listeners, workers, the report of `pelton doctor`.
#pragma once

#include <pybind11/pybind11.h>

namespace pelton::py {

// Adds bind_listener(), supervise(), what a worker does first, and doctor().
void add_processes(pybind11::module_& module);

}  // namespace pelton::py

// What a process does before and around serving: listeners, workers, the report of `noria doctor`.
#pragma once

#include <pybind11/pybind11.h>

namespace noria::py {

// Adds bind_listener(), supervise(), what a worker does first, and doctor().
void add_processes(pybind11::module_& module);

}  // namespace noria::py

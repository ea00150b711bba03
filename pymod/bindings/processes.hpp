// The work of a process before and around serving: listeners, workers, the report of `pelton
// doctor`.
#pragma once

#include <pybind11/pybind11.h>

namespace pelton::py {

// Adds bind_listener(), supervise(), the first steps of a worker, and doctor().
void add_processes(pybind11::module_& module);

}  // namespace pelton::py

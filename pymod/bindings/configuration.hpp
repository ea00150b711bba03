// Settings as Python gives them: a mapping of the keys of http/serve/config.hpp to ints.
#pragma once

#include <pybind11/pybind11.h>

#include "http/serve/config.hpp"

namespace noria::py {

// Throws ValueError for a key that is none or a configuration that cannot work.
http::ServerConfig configuration_from(const pybind11::dict& mapping);

// Adds config_defaults() and config_problem().
void add_configuration(pybind11::module_& module);

}  // namespace noria::py

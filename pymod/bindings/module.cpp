// The module object: what it holds is set up here once, everything it does is elsewhere.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cerrno>
#include <system_error>

#include "pymod/bindings/listener.hpp"

namespace {

namespace py = pybind11;

[[noreturn]] void raise_os_error(const std::system_error& error) {
  errno = error.code().value();
  PyErr_SetFromErrno(PyExc_OSError);
  throw py::error_already_set();
}

void add_listener(py::module_& module) {
  module.def(
      "bind_listener",
      [](const std::string& host, int port, int backlog, bool reuse_port) {
        try {
          return noria::py::bind_listener(host, port, backlog, reuse_port);
        } catch (const std::system_error& error) {
          raise_os_error(error);
        }
      },
      py::arg("host"), py::arg("port"), py::kw_only(), py::arg("backlog"),
      py::arg("reuse_port") = true, "A listening TCP socket: (descriptor, port).");
}

}  // namespace

PYBIND11_MODULE(_native, module) {
  module.doc() = "The native half of noria. Private; use `noria` instead.";
  add_listener(module);
}

// The module object: sets up its contents once; the work is done elsewhere.
#include <pybind11/pybind11.h>

#include "pymod/bindings/application.hpp"
#include "pymod/bindings/configuration.hpp"
#include "pymod/bindings/errors.hpp"
#include "pymod/bindings/fields.hpp"
#include "pymod/bindings/memory_server.hpp"
#include "pymod/bindings/processes.hpp"
#include "pymod/bindings/server.hpp"
#include "pymod/bridge/driver_object.hpp"
#include "pymod/bridge/endpoint.hpp"
#include "pymod/bridge/item_pump.hpp"
#include "pymod/bridge/websocket_object.hpp"
#include "pymod/hotpath/form_reader_object.hpp"
#include "pymod/hotpath/hot_state.hpp"
#include "pymod/hotpath/json_module.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/loop_object.hpp"

namespace {

namespace pb = pybind11;
using pelton::py::HotState;

pb::capsule make_hot_state(const pb::module_& module) {
  HotState* state =
      HotState::make(module.attr("JSONDecodeError").ptr(), module.attr("JSONEncodeError").ptr());
  if (state == nullptr) pelton::py::raise_set();
  pelton::py::OwnedRef driver_type(reinterpret_cast<PyObject*>(pelton::py::make_driver_type()));
  if (!driver_type) pelton::py::raise_set();
  state->set_driver_type(std::move(driver_type));
  pelton::py::OwnedRef websocket_type(
      reinterpret_cast<PyObject*>(pelton::py::make_websocket_type()));
  if (!websocket_type) pelton::py::raise_set();
  state->set_websocket_type(std::move(websocket_type));
  return {state, [](void* dead) { delete static_cast<HotState*>(dead); }};
}

void add_request_types(pb::module_& module, const pb::capsule& capsule) {
  HotState* state = capsule.get_pointer<HotState>();
  if (!pelton::py::add_endpoint_call(state->request_type())) pelton::py::raise_set();
  for (PyTypeObject* type :
       {state->request_type(), state->headers_type(), state->multi_dict_type(),
        state->driver_type(), state->websocket_type(), state->body_file_type()}) {
    if (PyModule_AddType(module.ptr(), type) != 0) pelton::py::raise_set();
  }
  const pelton::py::OwnedRef pump(reinterpret_cast<PyObject*>(pelton::py::make_item_pump_type()));
  if (!pump || PyModule_AddObjectRef(module.ptr(), "ItemPump", pump.get()) != 0) {
    pelton::py::raise_set();
  }
  const pelton::py::OwnedRef reader(
      reinterpret_cast<PyObject*>(pelton::py::make_form_reader_type()));
  if (!reader || PyModule_AddObjectRef(module.ptr(), "FormReader", reader.get()) != 0) {
    pelton::py::raise_set();
  }
  module.attr("COOKIE_BY_SCHEME") =
      pb::reinterpret_borrow<pb::object>(state->names.cookie_by_scheme.get());
  module.def(
      "register_response",
      [capsule](pb::type response_type) {
        auto* type = reinterpret_cast<PyTypeObject*>(response_type.ptr());
        if (!capsule.get_pointer<HotState>()->register_response(type)) pelton::py::raise_set();
      },
      pb::arg("response_type"), "Says which class is pelton.Response.");
  module.def(
      "running_context",
      [] {
        const pb::object context = pb::reinterpret_steal<pb::object>(pelton::py::running_context());
        if (!context) pelton::py::raise_set();
        return context;
      },
      "The contextvars.Context of the caller itself, no copy of it.");
}

// An object made by __new__ alone holds nothing yet: pybind11 would give its methods memory that it
// allocates at that moment and that no constructor has run on.
void refuse_unconstructed(const pb::handle& type) {
  auto* const info = pb::detail::get_type_info(reinterpret_cast<PyTypeObject*>(type.ptr()));
  info->operator_new = [](std::size_t) -> void* {
    throw pb::type_error("__init__() of this object has not run: make one by calling its class");
  };
}

}  // namespace

PYBIND11_MODULE(_native, module) {
  module.doc() = "The native half of pelton. Private; use `pelton` instead.";
  if (pelton::py::add_json(module.ptr()) != 0) pelton::py::raise_set();
  if (pelton::py::add_loop(module.ptr()) != 0) pelton::py::raise_set();
  const pb::capsule hot_state = make_hot_state(module);
  add_request_types(module, hot_state);
  pelton::py::add_fields(module);
  pelton::py::add_configuration(module);
  pelton::py::add_application(module, hot_state);
  pelton::py::add_server(module);
  pelton::py::add_memory_server(module);
  for (const char* name : {"Application", "Server", "MemoryServer"}) {
    refuse_unconstructed(module.attr(name));
  }
  pelton::py::add_processes(module);
}

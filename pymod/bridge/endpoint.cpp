#include "pymod/bridge/endpoint.hpp"

#include "pymod/bridge/driver_object.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/request_object.hpp"

namespace pelton::py {

namespace {

// Null once the exchange is over: the client has left or has its answer.
http::Exchange* exchange_of(const RequestObject& request) {
  if (request.exchange != nullptr) return request.exchange;
  if (request.driver == nullptr) return nullptr;
  return reinterpret_cast<DriverObject*>(request.driver)->driver.exchange();
}

// Empty if the plan merges no side channel, or with an error set.
OwnedRef side_channel_of(const CompiledRoute& route) {
  if (!route.plan.merges_side_channel) return {};
  return OwnedRef(PyObject_CallNoArgs(route.application->hooks.side_channel.get()));
}

// The handler's result, in a tuple with its side channel if the plan merges one.
PyObject* with_side_channel(const CompiledRoute& route, OwnedRef result, OwnedRef side) {
  if (!result || !route.plan.merges_side_channel) return result.release();
  if (!side) side = side_channel_of(route);
  return side ? PyTuple_Pack(2, result.get(), side.get()) : nullptr;
}

// An argument is missing or unfit: returns the result that replaces the handler's, or raises.
PyObject* explain(RequestLoan& loan) {
  const OwnedRef cause(PyErr_Occurred() != nullptr ? take_exception() : nullptr);
  return PyObject_CallFunctionObjArgs(loan.route().plan.explain.get(), loan.get(),
                                      cause ? cause.get() : Py_None, nullptr);
}

PyObject* call_in(RequestLoan& loan) {
  const CompiledRoute& route = loan.route();
  ArgumentVector arguments;
  switch (arguments.fill(loan)) {
    case Filled::yes:
      break;
    case Filled::unfit:
      return with_side_channel(route, OwnedRef(explain(loan)), {});
    case Filled::raised:
      return nullptr;
  }
  return with_side_channel(route, OwnedRef(call_handler(route.plan, arguments.values())),
                           OwnedRef::share(arguments.side_channel()));
}

PyObject* call(PyObject* self, PyObject*) {
  RequestObject& request = *reinterpret_cast<RequestObject*>(self);
  const CompiledRoute& route = *request.route;
  if (!route.plan.handler) {
    PyErr_SetString(PyExc_RuntimeError, "the request matched no route");
    return nullptr;
  }
  http::Exchange* const exchange = exchange_of(request);
  if (exchange == nullptr) {
    PyObject* const apart = route.application->hooks.call_apart.get();
    return with_side_channel(route, OwnedRef(PyObject_CallOneArg(apart, self)), {});
  }
  RequestLoan loan(route, *exchange, request);
  PyObject* const result = call_in(loan);
  loan.give_back();
  return result;
}

PyMethodDef method = {"_call", call, METH_NOARGS,
                      PyDoc_STR("Calls the route's handler; (its result, its side channel) where "
                                "it has one.")};

}  // namespace

bool add_endpoint_call(PyTypeObject* request_type) {
  const OwnedRef descriptor(PyDescr_NewMethod(request_type, &method));
  return descriptor && PyObject_SetAttrString(reinterpret_cast<PyObject*>(request_type),
                                              method.ml_name, descriptor.get()) == 0;
}

}  // namespace pelton::py

#include "pymod/bridge/python_handler.hpp"

#include "http/serve/exchange.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/response_reader.hpp"
#include "pymod/hotpath/text.hpp"

namespace noria::py {

namespace {

using http::Outcome;

// The error that is set becomes an answer; if that fails too, the server's 500 is one. An error
// that nobody made into something better than a 500 is the handler's fault (RSP-019).
Outcome answer_error(RequestLoan& loan) {
  ApplicationState& application = *loan.route().application;
  const OwnedRef error(take_exception());
  PyObject* request = loan.get();
  const OwnedRef answer(request == nullptr
                            ? nullptr
                            : PyObject_CallFunctionObjArgs(application.hooks.on_exception.get(),
                                                           request, error.get(), nullptr));
  if (answer &&
      send_result(application, application.unmatched.plan, loan.exchange(), answer.get())) {
    return loan.exchange().status() == 500 ? Outcome::failed : Outcome::responded;
  }
  PyErr_WriteUnraisable(application.hooks.on_exception.get());
  return Outcome::failed;
}

// An argument is missing or unfit: Python looks at all of them again and raises.
Outcome explain(RequestLoan& loan) {
  const OwnedRef cause(PyErr_Occurred() != nullptr ? take_exception() : nullptr);
  PyObject* request = loan.get();
  if (request != nullptr) {
    const OwnedRef nothing(PyObject_CallFunctionObjArgs(loan.route().plan.explain.get(), request,
                                                        cause ? cause.get() : Py_None, nullptr));
    if (nothing) {
      PyErr_SetString(PyExc_RuntimeError, "a parameter was refused that has nothing wrong with it");
    }
  }
  return answer_error(loan);
}

// What the handler returned, as the plan wants it sent; or the answer to what it raised.
Outcome answer(RequestLoan& loan, const OwnedRef& result) {
  const bool sent = result && send_result(*loan.route().application, loan.route().plan,
                                          loan.exchange(), result.get());
  return sent ? Outcome::responded : answer_error(loan);
}

[[gnu::noinline]] Outcome answer_error_alone(const CompiledRoute& route, http::Exchange& exchange) {
  RequestLoan loan(route, exchange);
  return answer_error(loan);
}

// Nothing of the request is asked for, so there is no loan unless something goes wrong.
Outcome call_alone(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  PyObject* values[1] = {nullptr};
  PyObject* const result = call_handler(route.plan, values + 1);
  if (result == nullptr) [[unlikely]]
    return answer_error_alone(route, exchange);
  const bool sent = send_result(*route.application, route.plan, exchange, result);
  Py_DECREF(result);
  return sent ? Outcome::responded : answer_error_alone(route, exchange);
}

Outcome call_with_request(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  RequestLoan loan(route, exchange);
  PyObject* values[2] = {nullptr, loan.get()};
  if (values[1] == nullptr) [[unlikely]]
    return answer_error(loan);
  return answer(loan, OwnedRef(call_handler(route.plan, values + 1)));
}

Outcome call_with_arguments(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  const Plan& plan = route.plan;
  RequestLoan loan(route, exchange);
  ArgumentVector arguments;
  switch (arguments.fill(loan)) {
    case Filled::yes:
      break;
    case Filled::unfit:
      return explain(loan);
    case Filled::raised:
      return answer_error(loan);
  }
  OwnedRef result(call_handler(plan, arguments.values()));
  if (result && plan.merges_side_channel) {
    PyObject* merge = route.application->hooks.merge.get();
    result = OwnedRef(PyObject_CallFunctionObjArgs(merge, result.get(), arguments.side_channel(),
                                                   plan.info ? plan.info.get() : Py_None, nullptr));
  }
  return answer(loan, result);
}

Outcome call_unmatched(void* context, http::Exchange& exchange) {
  auto& application = *static_cast<ApplicationState*>(context);
  RequestLoan loan(application.unmatched, exchange);
  const http::Match& match = exchange.match();
  const int status = match.outcome == http::MatchOutcome::not_found ? 404 : 405;
  const OwnedRef allow(match.allow.empty() ? Py_NewRef(Py_None) : latin1_text(match.allow));
  PyObject* request = loan.get();
  return answer(loan, OwnedRef(request != nullptr && allow
                                   ? PyObject_CallFunction(application.hooks.on_unmatched.get(),
                                                           "OiO", request, status, allow.get())
                                   : nullptr));
}

}  // namespace

http::Handler python_handler(const CompiledRoute& route) {
  const Plan& plan = route.plan;
  http::Handler::Call call = call_with_arguments;
  if (plan.request_alone) call = call_with_request;
  if (plan.arguments.empty() && !plan.merges_side_channel) call = call_alone;
  return {.call = call, .context = const_cast<CompiledRoute*>(&route)};
}

http::Handler unmatched_handler(const ApplicationState& application) {
  if (application.hooks.on_unmatched.get() == Py_None) return {};
  return {.call = call_unmatched, .context = const_cast<ApplicationState*>(&application)};
}

}  // namespace noria::py

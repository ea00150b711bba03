#include "pymod/bridge/python_handler.hpp"

#include <string_view>

#include "http/serve/exchange.hpp"
#include "pymod/bridge/coroutine_driver.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/response_reader.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

using http::Outcome;

// Answers the error that is set; if that fails too, the server sends its own 500. An error answered
// with 500 is the handler's fault (RSP-019).
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
  if (application.has_later()) return run_later(loan);
  PyErr_WriteUnraisable(application.hooks.on_exception.get());
  return Outcome::failed;
}

// Like answer_error(), before the handler was called: code that ran earlier, such as a resolver,
// may have set a context variable.
[[gnu::noinline]] Outcome answer_failure(RequestLoan& loan) {
  const Outcome outcome = answer_error(loan);
  loan.route().application->context->renew_if_used();
  return outcome;
}

// Answers what is not a plain result: an error that is set, or a value that needs a coroutine.
[[gnu::noinline]] Outcome answer_otherwise(RequestLoan& loan) {
  return loan.route().application->has_later() ? run_later(loan) : answer_error(loan);
}

// Answers with the handler's result as the plan says, or answers the error it raised.
[[gnu::always_inline]] inline Outcome answer(RequestLoan& loan, const OwnedRef& result) {
  ApplicationState& application = *loan.route().application;
  Outcome outcome = Outcome::responded;
  if (!result || !send_result(application, loan.route().plan, loan.exchange(), result.get())) {
    outcome = answer_otherwise(loan);
  }
  application.context->renew_if_used();
  return outcome;
}

// An argument is missing or unfit: `explain`, in Python, checks all arguments again and raises, or
// returns a result that replaces the handler's.
[[gnu::noinline]] Outcome explain(RequestLoan& loan) {
  const OwnedRef cause(PyErr_Occurred() != nullptr ? take_exception() : nullptr);
  PyObject* request = loan.get();
  if (request == nullptr) return answer_failure(loan);
  const OwnedRef instead(PyObject_CallFunctionObjArgs(loan.route().plan.explain.get(), request,
                                                      cause ? cause.get() : Py_None, nullptr));
  if (instead.get() == Py_None) {
    PyErr_SetString(PyExc_RuntimeError, "a parameter was refused that has nothing wrong with it");
    return answer_failure(loan);
  }
  return answer(loan, instead);
}

[[gnu::noinline]] Outcome answer_alone_otherwise(const CompiledRoute& route,
                                                 http::Exchange& exchange) {
  RequestLoan loan(route, exchange);
  const Outcome outcome = answer_otherwise(loan);
  route.application->context->renew_if_used();
  return outcome;
}

// Answers with what an async def returned: its coroutine, unless it is a generator or is wrapped.
Outcome run(RequestLoan& loan, PyObject* coroutine, PyObject* side_channel) {
  const OwnedRef held(coroutine);
  if (coroutine == nullptr || !PyCoro_CheckExact(coroutine)) [[unlikely]]
    return answer_result(loan, held, side_channel);
  return run_coroutine(loan, coroutine, side_channel);
}

// Whether code can set or read a context variable: it has names, or other code among its constants
// (a comprehension, lambda or generator), which may have some.
bool names_anything(PyObject* code) {
  const OwnedRef names(PyObject_GetAttrString(code, "co_names"));
  const OwnedRef constants(names ? PyObject_GetAttrString(code, "co_consts") : nullptr);
  if (!constants || !PyTuple_Check(constants.get())) {
    PyErr_Clear();
    return true;
  }
  if (PyObject_Size(names.get()) != 0) return true;
  for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(constants.get()); ++index) {
    if (PyCode_Check(PyTuple_GET_ITEM(constants.get(), index))) return true;
  }
  return false;
}

// Whether the handler can use context variables: a function without names and closure cannot.
bool sees_context(PyObject* handler) {
  return !PyFunction_Check(handler) || PyFunction_GetClosure(handler) != nullptr ||
         names_anything(PyFunction_GetCode(handler));
}

// The handler takes no arguments, so a loan is made only if the result is not plain.
template <bool in_context>
Outcome call_alone(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  PyObject* values[1] = {nullptr};
  PyObject* const result = call_handler(route.plan, values + 1);
  if (result == nullptr) [[unlikely]]
    return answer_alone_otherwise(route, exchange);
  const bool sent = send_result(*route.application, route.plan, exchange, result);
  Py_DECREF(result);
  if (!sent) [[unlikely]]
    return answer_alone_otherwise(route, exchange);
  if constexpr (in_context) route.application->context->renew_if_used();
  return Outcome::responded;
}

Outcome run_alone(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  RequestLoan loan(route, exchange);
  PyObject* values[1] = {nullptr};
  return run(loan, call_handler(route.plan, values + 1), nullptr);
}

Outcome run_with_request(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  RequestLoan loan(route, exchange);
  PyObject* values[2] = {nullptr, loan.get()};
  if (values[1] == nullptr) [[unlikely]]
    return answer_failure(loan);
  return run(loan, call_handler(route.plan, values + 1), nullptr);
}

Outcome call_with_request(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  RequestLoan loan(route, exchange);
  PyObject* values[2] = {nullptr, loan.get()};
  if (values[1] == nullptr) [[unlikely]]
    return answer_failure(loan);
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
      return answer_failure(loan);
  }
  OwnedRef result(call_handler(plan, arguments.values()));
  if (plan.is_coroutine) {
    return run(loan, result.release(),
               plan.merges_side_channel ? arguments.side_channel() : nullptr);
  }
  if (result && plan.merges_side_channel) {
    PyObject* merge = route.application->hooks.merge.get();
    result = OwnedRef(PyObject_CallFunctionObjArgs(merge, result.get(), arguments.side_channel(),
                                                   plan.info ? plan.info.get() : Py_None, nullptr));
  }
  return answer(loan, result);
}

// The layers around the handler decide whether it is called (endpoint.hpp).
template <bool awaited>
Outcome call_layers(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  RequestLoan loan(route, exchange);
  PyObject* const request = loan.get();
  if (request == nullptr) [[unlikely]]
    return answer_failure(loan);
  PyObject* const result = PyObject_CallOneArg(route.plan.layers.get(), request);
  return awaited ? run(loan, result, nullptr) : answer(loan, OwnedRef(result));
}

struct UnmatchedAnswer {
  int status;
  std::string_view location;
};

UnmatchedAnswer answer_to(const http::Match& match) {
  switch (match.outcome) {
    case http::MatchOutcome::not_found:
      return {404, {}};
    case http::MatchOutcome::automatic_options:
      return {204, {}};
    case http::MatchOutcome::redirect:
      return {308, match.location};
    default:
      return {405, {}};
  }
}

OwnedRef text_or_none(std::string_view text) {
  return OwnedRef(text.empty() ? Py_NewRef(Py_None) : latin1_text(text));
}

Outcome call_unmatched(void* context, http::Exchange& exchange) {
  auto& application = *static_cast<ApplicationState*>(context);
  RequestLoan loan(application.unmatched, exchange);
  const UnmatchedAnswer wanted = answer_to(exchange.match());
  const OwnedRef allow = text_or_none(exchange.match().allow);
  const OwnedRef location = text_or_none(wanted.location);
  PyObject* request = loan.get();
  PyObject* const result =
      request != nullptr && allow && location
          ? PyObject_CallFunction(application.hooks.on_unmatched.get(), "OiOO", request,
                                  wanted.status, allow.get(), location.get())
          : nullptr;
  return run(loan, result, nullptr);
}

// Calls a handler of a mounted application; the context holds the JSON encoder of the outer one.
template <http::Handler::Call call>
Outcome call_mounted(const ApplicationState& application, void* context, http::Exchange& exchange) {
  const Hooks& hooks = application.hooks;
  if (application.sets_json_encoder &&
      !OwnedRef(PyContextVar_Set(hooks.json_variable.get(), hooks.json_encoder.get()))) {
    PyErr_WriteUnraisable(hooks.json_variable.get());
    return Outcome::failed;
  }
  const Outcome outcome = call(context, exchange);
  application.context->renew_if_used();
  return outcome;
}

template <http::Handler::Call call>
Outcome call_mounted_route(void* context, http::Exchange& exchange) {
  const auto& route = *static_cast<const CompiledRoute*>(context);
  return call_mounted<call>(*route.application, context, exchange);
}

Outcome call_mounted_unmatched(void* context, http::Exchange& exchange) {
  const auto& application = *static_cast<const ApplicationState*>(context);
  return call_mounted<call_unmatched>(application, context, exchange);
}

// The call for an application that is served itself or mounted.
template <http::Handler::Call call>
http::Handler::Call call_at(Place place) {
  return place == Place::mounted ? call_mounted_route<call> : call;
}

}  // namespace

Outcome answer_result(RequestLoan& loan, const OwnedRef& result, PyObject* side_channel) {
  if (side_channel == nullptr || !result) return answer(loan, result);
  const CompiledRoute& route = loan.route();
  return answer(loan, OwnedRef(PyObject_CallFunctionObjArgs(
                          route.application->hooks.merge.get(), result.get(), side_channel,
                          route.plan.info ? route.plan.info.get() : Py_None, nullptr)));
}

Outcome answer_raised(RequestLoan& loan) {
  return answer_failure(loan);
}

http::Handler python_handler(const CompiledRoute& route, Place place) {
  const Plan& plan = route.plan;
  http::Handler::Call call = call_at<call_with_arguments>(place);
  if (plan.layers) {
    call = plan.layers_awaited ? call_at<call_layers<true>>(place)
                               : call_at<call_layers<false>>(place);
    return {.call = call, .context = const_cast<CompiledRoute*>(&route)};
  }
  if (plan.request_alone) {
    call = plan.is_coroutine ? call_at<run_with_request>(place) : call_at<call_with_request>(place);
  }
  if (plan.arguments.empty() && !plan.merges_side_channel) {
    call = sees_context(plan.handler.get()) ? call_at<call_alone<true>>(place)
                                            : call_at<call_alone<false>>(place);
    if (plan.is_coroutine) call = call_at<run_alone>(place);
  }
  return {.call = call, .context = const_cast<CompiledRoute*>(&route)};
}

bool takes_all_unmatched(const ApplicationState& application) {
  return application.hooks.has_middleware.get() == Py_True;
}

http::Handler unmatched_handler(const ApplicationState& application, Place place) {
  if (application.hooks.on_unmatched.get() == Py_None) return {};
  return {.call = place == Place::mounted ? call_mounted_unmatched : call_unmatched,
          .context = const_cast<ApplicationState*>(&application)};
}

}  // namespace pelton::py

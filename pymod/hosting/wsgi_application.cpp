#include "pymod/hosting/wsgi_application.hpp"

#include <utility>

#include "pymod/bridge/coroutine_driver.hpp"
#include "pymod/bridge/python_handler.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/body_file_object.hpp"

namespace pelton::py {

using http::Outcome;

std::unique_ptr<WsgiApplication> WsgiApplication::make(ApplicationState& state,
                                                       const Options& options) {
  std::unique_ptr<WsgiApplication> made(new WsgiApplication(state));
  made->serve_ = OwnedRef::share(options.serve);
  made->may_wait_ = options.may_wait;
  if (!made->environs_.prepare(options.same, options.make_input)) return nullptr;
  return made;
}

namespace {

// Whether the body was long enough for the handler to be called before it.
bool body_is_coming(const http::Exchange& exchange) {
  const http::RequestHead& head = exchange.request();
  return head.framing == http::BodyFraming::length && head.content_length != 0 &&
         exchange.body().empty() && !lies_in_file(exchange);
}

}  // namespace

http::Handler WsgiApplication::handler() {
  const auto call = [](void* context, http::Exchange& exchange) {
    return static_cast<WsgiApplication*>(context)->call(exchange);
  };
  return {.call = call, .context = this};
}

Outcome WsgiApplication::call(http::Exchange& exchange) {
  RequestLoan loan(route_, exchange);
  PyObject* const request = may_wait_ && body_is_coming(exchange) ? loan.get() : nullptr;
  if (request == nullptr && PyErr_Occurred() != nullptr) return answer_raised(loan);
  OwnedRef environ = environs_.make(exchange, request);
  if (!environ) return answer_raised(loan);
  const OwnedRef result(
      PyObject_CallFunctionObjArgs(serve_.get(), environ.get(), request, nullptr));
  environ = OwnedRef();
  if (!result || !PyCoro_CheckExact(result.get())) return answer_result(loan, result, nullptr);
  return run_coroutine(loan, result.get(), nullptr);
}

int WsgiApplication::traverse(visitproc visit, void* arg) const {
  Py_VISIT(serve_.get());
  return environs_.traverse(visit, arg);
}

}  // namespace pelton::py

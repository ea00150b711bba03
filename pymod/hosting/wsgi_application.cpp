#include "pymod/hosting/wsgi_application.hpp"

#include <utility>

#include "pymod/bridge/coroutine_driver.hpp"
#include "pymod/bridge/python_handler.hpp"
#include "pymod/hotpath/arguments.hpp"

namespace pelton::py {

using http::Outcome;

std::unique_ptr<WsgiApplication> WsgiApplication::make(ApplicationState& state,
                                                       const Options& options) {
  std::unique_ptr<WsgiApplication> made(new WsgiApplication(state));
  made->serve_ = OwnedRef::share(options.serve);
  if (!made->environs_.prepare(options.same, options.make_input)) return nullptr;
  return made;
}

http::Handler WsgiApplication::handler() {
  const auto call = [](void* context, http::Exchange& exchange) {
    return static_cast<WsgiApplication*>(context)->call(exchange);
  };
  return {.call = call, .context = this};
}

Outcome WsgiApplication::call(http::Exchange& exchange) {
  RequestLoan loan(route_, exchange);
  OwnedRef environ = environs_.make(exchange);
  if (!environ) return answer_raised(loan);
  const OwnedRef result(PyObject_CallOneArg(serve_.get(), environ.get()));
  environ = OwnedRef();
  if (!result || !PyCoro_CheckExact(result.get())) return answer_result(loan, result, nullptr);
  return run_coroutine(loan, result.get(), nullptr);
}

int WsgiApplication::traverse(visitproc visit, void* arg) const {
  Py_VISIT(serve_.get());
  return environs_.traverse(visit, arg);
}

}  // namespace pelton::py

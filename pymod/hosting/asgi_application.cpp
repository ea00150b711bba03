#include "pymod/hosting/asgi_application.hpp"

#include <utility>

#include "http/serve/exchange.hpp"
#include "pymod/bridge/coroutine_driver.hpp"
#include "pymod/bridge/coroutine_methods.hpp"
#include "pymod/hosting/asgi_awaitable.hpp"
#include "pymod/hosting/asgi_exchange.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {

using http::Outcome;

AsgiApplication::AsgiApplication(ApplicationState& state) : scopes_(names_, state.hot.names) {
  route_.application = &state;
}

std::unique_ptr<AsgiApplication> AsgiApplication::make(ApplicationState& state,
                                                       const Options& options) {
  std::unique_ptr<AsgiApplication> made(new AsgiApplication(state));
  return made->prepare(options) ? std::move(made) : nullptr;
}

bool AsgiApplication::prepare(const Options& options) {
  application_ = OwnedRef::share(options.application);
  log_ = OwnedRef::share(options.log);
  if (!names_.make() || !scopes_.prepare(options.root_path, options.state)) return false;
  exchange_type_ = OwnedRef(reinterpret_cast<PyObject*>(make_asgi_exchange_type()));
  awaitable_type_ = OwnedRef(reinterpret_cast<PyObject*>(make_asgi_awaitable_type()));
  if (!exchange_type_ || !awaitable_type_) return false;
  done_ = OwnedRef(new_asgi_done(awaitable_type()));
  return static_cast<bool>(done_);
}

http::Handler AsgiApplication::handler() {
  return {.call = &AsgiApplication::call, .context = this};
}

void AsgiApplication::log(BorrowedRef scope, BorrowedRef exception) const {
  const OwnedRef logged(
      PyObject_CallFunctionObjArgs(log_.get(), scope.get(), exception.get(), nullptr));
  if (!logged) PyErr_WriteUnraisable(log_.get());
}

int AsgiApplication::traverse(visitproc visit, void* arg) const {
  Py_VISIT(application_.get());
  Py_VISIT(log_.get());
  return scopes_.traverse(visit, arg);
}

Outcome AsgiApplication::call(void* context, http::Exchange& exchange) {
  return static_cast<AsgiApplication*>(context)->call(exchange);
}

// Its first step is made here, in the turn that has read the request.
Outcome AsgiApplication::call(http::Exchange& exchange) {
  RequestLoan loan(route_, exchange);
  OwnedRef scope = scopes_.http(exchange);
  const OwnedRef scope_object = OwnedRef::share(scope);
  AsgiCall made;
  if (!scope || !make_asgi_call(as_type(exchange_type_), *this, loan, std::move(scope), made)) {
    PyErr_WriteUnraisable(application_.get());
    return Outcome::failed;
  }
  PyObject* values[] = {nullptr, scope_object.get(), made.receive.get(), made.send.get()};
  const OwnedRef awaitable(PyObject_Vectorcall(application_.get(), values + 1,
                                               3 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
  const OwnedRef coroutine = awaitable ? awaited(awaitable.get()) : OwnedRef();
  Outcome outcome = Outcome::failed;
  if (coroutine) {
    outcome = run_hosted(loan, coroutine.get(), *made.exchange);
  } else {
    log(scope_object, OwnedRef(take_exception()));
    state().context->renew_if_used();
  }
  made.exchange->end_call();
  return outcome;
}

}  // namespace pelton::py

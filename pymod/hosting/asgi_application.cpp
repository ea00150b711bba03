#include "pymod/hosting/asgi_application.hpp"

#include <utility>

#include "http/serve/exchange.hpp"
#include "pymod/bridge/coroutine_driver.hpp"
#include "pymod/bridge/coroutine_methods.hpp"
#include "pymod/hosting/asgi_awaitable.hpp"
#include "pymod/hosting/asgi_call.hpp"
#include "pymod/hosting/asgi_exchange.hpp"
#include "pymod/hosting/asgi_socket.hpp"
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
  if (!names_.make() || !scopes_.prepare(options.state)) return false;
  exchange_type_ = OwnedRef(reinterpret_cast<PyObject*>(AsgiCallType<AsgiExchange>::make()));
  socket_type_ = OwnedRef(reinterpret_cast<PyObject*>(AsgiCallType<AsgiSocket>::make()));
  awaitable_type_ = OwnedRef(reinterpret_cast<PyObject*>(make_asgi_awaitable_type()));
  if (!exchange_type_ || !socket_type_ || !awaitable_type_) return false;
  done_ = OwnedRef(new_asgi_done(awaitable_type()));
  return static_cast<bool>(done_);
}

http::Handler AsgiApplication::handler() {
  const auto call = [](void* context, http::Exchange& exchange) {
    auto& self = *static_cast<AsgiApplication*>(context);
    return self.call<AsgiExchange>(exchange, self.scopes_.http(exchange), self.exchange_type_);
  };
  return {.call = call, .context = this};
}

http::Handler AsgiApplication::websocket_handler() {
  const auto call = [](void* context, http::Exchange& exchange) {
    auto& self = *static_cast<AsgiApplication*>(context);
    return self.call<AsgiSocket>(exchange, self.scopes_.websocket(exchange), self.socket_type_);
  };
  return {.call = call, .context = this};
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

// Its first step is made here, in the turn that has read the request.
template <class Call>
Outcome AsgiApplication::call(http::Exchange& exchange, OwnedRef scope, BorrowedRef type) {
  RequestLoan loan(route_, exchange);
  const OwnedRef scope_object = OwnedRef::share(scope);
  AsgiCall made;
  if (!scope || !AsgiCallType<Call>::call(as_type(type), *this, loan, std::move(scope), made)) {
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

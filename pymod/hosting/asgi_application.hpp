// A hosted ASGI 3 application: what its connections share, and the handler that calls it for any
// request.
#pragma once

#include <Python.h>

#include <memory>

#include "http/handler.hpp"
#include "pymod/hosting/asgi_names.hpp"
#include "pymod/hosting/asgi_scope.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class AsgiApplication {
 public:
  struct Options {
    PyObject* application;  // (scope, receive, send) -> an awaitable
    PyObject* state;        // the dict of the lifespan
    PyObject* log;          // (scope, exception)
  };

  // Null with an error set. The state outlives it.
  static std::unique_ptr<AsgiApplication> make(ApplicationState& state, const Options& options);
  AsgiApplication(const AsgiApplication&) = delete;
  AsgiApplication& operator=(const AsgiApplication&) = delete;

  // Of requests, and of requests for a WebSocket.
  http::Handler handler();
  http::Handler websocket_handler();

  ApplicationState& state() const { return *route_.application; }
  const AsgiNames& names() const { return names_; }
  PyTypeObject* awaitable_type() const { return as_type(awaitable_type_); }
  // An awaitable with nothing to wait for.
  PyObject* done() const { return done_.get(); }
  // Reports what went wrong with a request.
  void log(BorrowedRef scope, BorrowedRef exception) const;

  int traverse(visitproc visit, void* arg) const;

 private:
  explicit AsgiApplication(ApplicationState& state);

  static PyTypeObject* as_type(BorrowedRef type) {
    return reinterpret_cast<PyTypeObject*>(type.get());
  }
  bool prepare(const Options& options);
  template <class Call>
  http::Outcome call(http::Exchange& exchange, OwnedRef scope, BorrowedRef type);

  CompiledRoute route_;
  AsgiNames names_;
  AsgiScopes scopes_;
  OwnedRef application_;
  OwnedRef log_;
  OwnedRef exchange_type_;
  OwnedRef socket_type_;
  OwnedRef awaitable_type_;
  OwnedRef done_;
};

}  // namespace pelton::py

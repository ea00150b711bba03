// A hosted WSGI application: the handler that makes the environ of a request and calls Python with
// it.
#pragma once

#include <Python.h>

#include <memory>

#include "http/handler.hpp"
#include "pymod/hosting/wsgi_environ.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class WsgiApplication {
 public:
  struct Options {
    PyObject* serve;       // (environ) -> what answers the request, or a coroutine of that
    PyObject* same;        // the dict of what every environ has
    PyObject* make_input;  // (bytes or BodyFile) -> a file to read the body from
  };

  // Null with an error set. The state outlives it.
  static std::unique_ptr<WsgiApplication> make(ApplicationState& state, const Options& options);
  WsgiApplication(const WsgiApplication&) = delete;
  WsgiApplication& operator=(const WsgiApplication&) = delete;

  http::Handler handler();

  int traverse(visitproc visit, void* arg) const;

 private:
  explicit WsgiApplication(ApplicationState& state) : environs_(state.hot) {
    route_.application = &state;
  }

  http::Outcome call(http::Exchange& exchange);

  CompiledRoute route_;
  WsgiEnvirons environs_;
  OwnedRef serve_;
};

}  // namespace pelton::py

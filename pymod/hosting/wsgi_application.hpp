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
    PyObject* serve;       // (environ[, request]) -> what answers it, or a coroutine of that
    PyObject* same;        // the dict of what every environ has
    PyObject* make_input;  // (bytes, BodyFile or Request) -> a file to read the body from
    bool may_wait;         // the application may read a body while it arrives
  };

  // Null with an error set. The state outlives it.
  static std::unique_ptr<WsgiApplication> make(ApplicationState& state, const Options& options);
  WsgiApplication(const WsgiApplication&) = delete;
  WsgiApplication& operator=(const WsgiApplication&) = delete;

  http::Handler handler();
  bool may_wait() const { return may_wait_; }

  int traverse(visitproc visit, void* arg) const;

 private:
  explicit WsgiApplication(ApplicationState& state) : environs_(state.hot) {
    route_.application = &state;
  }

  http::Outcome call(http::Exchange& exchange);

  CompiledRoute route_;
  WsgiEnvirons environs_;
  OwnedRef serve_;
  bool may_wait_ = false;
};

}  // namespace pelton::py

// The contextvars.Context that handlers run in: each handler sees the variables as they were when
// the worker started, and none of another handler (api.md 9). A context in which nothing was set
// serves the next request too.
#pragma once

#include <Python.h>

#include <optional>

#include "core/fork_guard.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class RequestContext {
 public:
  RequestContext() = default;
  RequestContext(const RequestContext&) = delete;
  RequestContext& operator=(const RequestContext&) = delete;

  // Between enter() and leave(), code on this thread runs in the context, in which `variable` has
  // this value. False with an error set.
  bool enter(BorrowedRef variable, BorrowedRef value);
  void leave();

  // Called after each handler. A child that the handler has forked ends here and serves no request
  // (ENG-052).
  void renew_if_used() {
    fork_guard_->require_owner();
    if (!same_variables(current_.get(), base_.get(), base_variables_)) [[unlikely]]
      hand_over();
  }
  bool entered() const { return static_cast<bool>(current_); }
  PyObject* current() const { return current_.get(); }
  // Returns the current context, which lives on after its handler's first step, and makes another
  // one current. Ends a forked child, as renew_if_used() does.
  OwnedRef hand_over();

 private:
  OwnedRef base_;                       // never entered, so it stays as it is
  PyObject* base_variables_ = nullptr;  // borrowed from it
  OwnedRef current_;                    // entered; null outside
  std::optional<ForkGuard> fork_guard_;
};

}  // namespace pelton::py

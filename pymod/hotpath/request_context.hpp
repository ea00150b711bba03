// The contextvars.Context that handlers run in: each sees the variables as the worker started with
// them, none those of another (api.md 9). A context in which nothing was set serves the next
// request too.
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

  // Between these two, what runs on this thread runs in it, and `variable` has this value there.
  // False with an error set.
  bool enter(BorrowedRef variable, BorrowedRef value);
  void leave();

  // After each handler. A child that the handler forked ends here, and serves nobody (ENG-052).
  void renew_if_used() {
    fork_guard_->require_owner();
    if (!same_variables(current_.get(), base_.get(), base_variables_)) [[unlikely]]
      hand_over();
  }
  bool entered() const { return static_cast<bool>(current_); }
  PyObject* current() const { return current_.get(); }
  // The context lives on after its handler's first step: another one is current from now on. Ends
  // a forked child, as renew_if_used() does.
  OwnedRef hand_over();

 private:
  OwnedRef base_;                       // never entered, so it stays as it is
  PyObject* base_variables_ = nullptr;  // borrowed from it
  OwnedRef current_;                    // entered; null outside
  std::optional<ForkGuard> fork_guard_;
};

}  // namespace pelton::py

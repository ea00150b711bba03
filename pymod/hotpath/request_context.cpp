#include "pymod/hotpath/request_context.hpp"

#include <utility>

#include "core/check.hpp"

namespace pelton::py {

bool RequestContext::enter(BorrowedRef variable, BorrowedRef value) {
  CHECK(!current_);
  fork_guard_.emplace();
  base_ = OwnedRef(PyContext_CopyCurrent());
  if (!base_ || PyContext_Enter(base_.get()) != 0) return false;
  const bool is_set = static_cast<bool>(OwnedRef(PyContextVar_Set(variable.get(), value.get())));
  CHECK(PyContext_Exit(base_.get()) == 0);
  if (!is_set) return false;
  base_variables_ = variables_of(base_.get());
  current_ = OwnedRef(PyContext_Copy(base_.get()));
  return current_ && PyContext_Enter(current_.get()) == 0;
}

void RequestContext::leave() {
  if (!current_) return;
  CHECK(PyContext_Exit(current_.get()) == 0);
  current_ = OwnedRef();
  base_ = OwnedRef();
}

OwnedRef RequestContext::hand_over() {
  fork_guard_->require_owner();
  OwnedRef fresh(PyContext_Copy(base_.get()));
  CHECK(fresh && PyContext_Exit(current_.get()) == 0 && PyContext_Enter(fresh.get()) == 0);
  return std::exchange(current_, std::move(fresh));
}

}  // namespace pelton::py

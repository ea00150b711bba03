#include "pymod/hotpath/request_context.hpp"

#include <utility>

#include "core/check.hpp"

namespace pelton::py {

bool RequestContext::enter() {
  CHECK(!current_);
  fork_guard_.emplace();
  base_ = OwnedRef(PyContext_CopyCurrent());
  base_variables_ = base_ ? variables_of(base_.get()) : nullptr;
  current_ = OwnedRef(base_ ? PyContext_Copy(base_.get()) : nullptr);
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

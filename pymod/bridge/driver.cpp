#include "pymod/bridge/driver.hpp"

#include <utility>

#include "pymod/bridge/exceptions.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/request_object.hpp"
#include "pymod/hotpath/response_reader.hpp"

namespace pelton::py {

using http::Exchange;
using http::Outcome;

StepEnd step(PyObject* coroutine, PyObject* value) {
  PyObject* result = nullptr;
  const PySendResult kind = PyIter_Send(coroutine, value, &result);
  return {kind, OwnedRef(kind == PYGEN_ERROR ? take_exception() : result)};
}

Driver::Driver(PyObject* object, RequestLoan& loan, OwnedRef coroutine, OwnedRef side_channel,
               HostedCall* hosted)
    : object_(object),
      application_(OwnedRef::share(loan.route().application->object)),
      route_(loan.route()),
      plan_(&route_.plan),
      hosted_(hosted),
      hosted_object_(OwnedRef::share(hosted == nullptr ? nullptr : hosted->object())),
      loan_(&loan),
      coroutine_(std::move(coroutine)),
      side_channel_(std::move(side_channel)) {
  if (hosted_ != nullptr) hosted_->set_driver(this);
}

Driver::~Driver() {
  if (hosted_ != nullptr) hosted_->set_driver(nullptr);
  through();
  clear();
}

// The coroutine has ended or will never continue.
void Driver::through() {
  if (std::exchange(waiting_, false)) --route_.application->coroutines_waiting;
  if (threads_ == 0) orphan_.reset();
}

bool Driver::leave_place() {
  if (threads_ == 0) return false;
  if (--threads_ == 0 && !waiting_) orphan_.reset();
  return true;
}

// The exchange ends before the handler: the handler keeps its time limit and its place.
void Driver::outlive(Exchange& exchange) {
  if (!waiting_ && threads_ == 0) return;
  const auto at_limit = [](void* context) {
    auto& driver = *static_cast<Driver*>(context);
    const OwnedRef held = OwnedRef::share(driver.object_);
    driver.stop();
  };
  orphan_ = exchange.orphan(at_limit, this);
}

int Driver::traverse(visitproc visit, void* arg) const {
  for (const OwnedRef* ref : {&application_, &coroutine_, &side_channel_, &request_, &task_, &rest_,
                              &hosted_object_, &waiters_[0], &waiters_[1], &waiters_[2]}) {
    Py_VISIT(ref->get());
  }
  if (first_) Py_VISIT(first_->value.get());
  return 0;
}

void Driver::clear() {
  if (request_) reinterpret_cast<RequestObject*>(request_.get())->driver = nullptr;
  for (OwnedRef* ref : {&coroutine_, &side_channel_, &request_, &task_, &rest_, &waiters_[0],
                        &waiters_[1], &waiters_[2]}) {
    *ref = OwnedRef();
  }
  first_.reset();
}

// --- steps ---

class Driver::Running {
 public:
  explicit Running(Driver& driver) : driver_(driver) { driver_.running_ = true; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { driver_.running_ = false; }

 private:
  Driver& driver_;
};

// False with an error set.
bool Driver::is_free() const {
  if (running_) {
    PyErr_SetString(PyExc_ValueError, "coroutine already executing");
  } else if (!coroutine_ && !first_) {
    PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
  } else {
    return true;
  }
  return false;
}

PySendResult Driver::send(PyObject* value, PyObject** result) {
  if (!is_free()) return PYGEN_ERROR;
  const Running running(*this);
  if (first_) return pass_on(*std::exchange(first_, std::nullopt), result);
  if (std::exchange(cancel_next_, false)) return throw_on(cancelled_error(), result);
  return pass_on(step(coroutine_.get(), value), result);
}

PySendResult Driver::throw_in(OwnedRef exception, PyObject** result) {
  if (!is_free()) return PYGEN_ERROR;
  const Running running(*this);
  if (first_) {
    StepEnd first = *std::exchange(first_, std::nullopt);
    if (first.kind != PYGEN_NEXT) {
      // The task was cancelled in a step that turned out to be the last.
      const PySendResult kind = pass_on(std::move(first), result);
      if (kind != PYGEN_RETURN) return kind;
      Py_CLEAR(*result);
      raise(exception);
      return PYGEN_ERROR;
    }
    // In that step the coroutine began to wait, so the awaited object is cancelled.
    const OwnedRef cancelled(first.value.get() == Py_None
                                 ? Py_NewRef(Py_False)
                                 : PyObject_CallMethod(first.value.get(), "cancel", nullptr));
    if (!cancelled) PyErr_Clear();
    cancel_next_ = !cancelled || PyObject_IsTrue(cancelled.get()) != 1;
    *result = first.value.release();
    return PYGEN_NEXT;
  }
  return throw_on(std::move(exception), result);
}

PySendResult Driver::throw_on(OwnedRef exception, PyObject** result) {
  if (cancelled_ && !cancellation_ && is_cancelled(exception)) {
    cancellation_ = OwnedRef(PyWeakref_NewRef(exception.get(), nullptr));
    if (!cancellation_) PyErr_Clear();
  }
  const OwnedRef thrown(PyUnicode_InternFromString("throw"));
  PyObject* value = thrown && exception
                        ? PyObject_CallMethodOneArg(coroutine_.get(), thrown.get(), exception.get())
                        : nullptr;
  if (value != nullptr) return pass_on({PYGEN_NEXT, OwnedRef(value)}, result);
  if (PyErr_ExceptionMatches(PyExc_StopIteration)) {
    return pass_on({PYGEN_RETURN, OwnedRef(take_stop_value())}, result);
  }
  return pass_on({PYGEN_ERROR, OwnedRef(take_exception())}, result);
}

PyObject* Driver::close() {
  if (!coroutine_) Py_RETURN_NONE;
  if (!is_free()) return nullptr;
  OwnedRef closed;
  {
    const Running running(*this);
    closed = OwnedRef(PyObject_CallMethod(coroutine_.get(), "close", nullptr));
  }
  if (!closed) return nullptr;
  coroutine_ = OwnedRef();
  task_ = OwnedRef();
  finish(Outcome::failed);
  through();
  return closed.release();
}

void Driver::fail_to_start() {
  PyErr_WriteUnraisable(coroutine_ ? coroutine_.get() : object_);
  coroutine_ = OwnedRef();
  finish(Outcome::failed);
  through();
}

PySendResult Driver::pass_on(StepEnd end, PyObject** result) {
  while (end.kind != PYGEN_NEXT) {
    coroutine_ = conclude(end);
    if (!coroutine_) break;
    end = step(coroutine_.get(), Py_None);
  }
  if (end.kind == PYGEN_NEXT) {
    *result = end.value.release();
    return PYGEN_NEXT;
  }
  task_ = OwnedRef();
  through();
  // The task sees only a handler's CancelledError; other exceptions have been answered and logged.
  if (end.kind == PYGEN_ERROR && end.value && is_cancelled(end.value)) {
    raise(end.value);
    return PYGEN_ERROR;
  }
  *result = Py_NewRef(Py_None);
  return PYGEN_RETURN;
}

// --- the result of the last coroutine ---

OwnedRef Driver::conclude(StepEnd& end) {
  if (hosted_ != nullptr) [[unlikely]] {
    OwnedRef next = hosted_->conclude(end);
    if (!next) finish(hosted_->outcome());
    return next;
  }
  Exchange* const exchange = this->exchange();
  if (answered_ || exchange == nullptr) {
    const bool of_interest = end.kind == PYGEN_ERROR && !is_cancelled(end.value) && !answered_;
    if (of_interest && !is_disconnect(end.value))
      log_lost(*route_.application, request_, end.value);
    return OwnedRef();
  }
  if (streams_) {
    // The coroutine began a stream and ended without ending or cutting it.
    finish(Outcome::failed);
    return OwnedRef();
  }
  return end.kind == PYGEN_RETURN ? answer(end, *exchange)
                                  : answer_error(OwnedRef::share(end.value), *exchange);
}

OwnedRef Driver::answer(StepEnd& end, Exchange& exchange) {
  ApplicationState& application = *route_.application;
  OwnedRef value = OwnedRef::share(end.value);
  if (OwnedRef side = std::move(side_channel_)) {
    value = OwnedRef(
        PyObject_CallFunctionObjArgs(application.hooks.merge.get(), value.get(), side.get(),
                                     plan_->info ? plan_->info.get() : Py_None, nullptr));
  }
  application.answers_in_task = true;
  const bool sent = value && send_result(application, *plan_, exchange, value.get());
  application.answers_in_task = false;
  if (sent) {
    finish(in_error_ && exchange.status() == 500 ? Outcome::failed : Outcome::responded);
    return follow_up();
  }
  if (application.has_later()) return go_on(application.take_later());
  return answer_error(OwnedRef(take_exception()), exchange);
}

// Answers the error; if that fails too, the server sends its own 500.
OwnedRef Driver::answer_error(OwnedRef error, Exchange& exchange) {
  ApplicationState& application = *route_.application;
  if (is_cancelled(error) && peer_finished_) {
    // Cancelled after the client ended its side: the exchange gets no answer.
    answered_ = true;
    exchange.forsake();
    part();
    return OwnedRef();
  }
  plan_ = &application.unmatched.plan;
  OwnedRef answer;
  // The failure of an error handler does not go to an error handler again.
  if (!std::exchange(in_error_, true)) {
    std::optional<RequestLoan> loan;
    PyObject* request = loan_ != nullptr ? loan_->get() : request_.get();
    if (request == nullptr && loan_ == nullptr) request = loan.emplace(route_, exchange).get();
    if (request != nullptr) {
      answer = OwnedRef(PyObject_CallFunctionObjArgs(application.hooks.on_exception.get(), request,
                                                     error.get(), nullptr));
    }
    if (answer && send_result(application, *plan_, exchange, answer.get())) {
      const bool is_fault = exchange.status() == 500;
      loan.reset();
      finish(is_fault ? Outcome::failed : Outcome::responded);
      return OwnedRef();
    }
    if (application.has_later()) return go_on(application.take_later());
    PyErr_WriteUnraisable(application.hooks.on_exception.get());
  }
  finish(Outcome::failed);
  return OwnedRef();
}

OwnedRef Driver::go_on(OwnedRef value) {
  ApplicationState& application = *route_.application;
  suspend();
  OwnedRef next(PyObject_CallFunctionObjArgs(application.hooks.go_on.get(), object_, value.get(),
                                             plan_->info ? plan_->info.get() : Py_None, nullptr));
  if (next) return next;
  if (Exchange* const exchange = this->exchange()) {
    return answer_error(OwnedRef(take_exception()), *exchange);
  }
  PyErr_Clear();
  return OwnedRef();
}

// The coroutine that the same task runs after the answer, to close what it opened. It does not use
// the exchange.
OwnedRef Driver::follow_up() {
  OwnedRef next = route_.application->take_follow_up();
  if (next) loan_ = nullptr;
  return next;
}

bool Driver::go_on_with(OwnedRef value) {
  coroutine_ = go_on(std::move(value));
  return static_cast<bool>(coroutine_);
}

// The exchange is over and may be gone with its server. Its reference to `object_` is given back;
// the caller holds one of its own.
void Driver::part() {
  handle_ = {};
  wake(Waits::disconnect);  // nothing waits for a client that has its answer
  Py_DECREF(object_);
}

void Driver::finish(Outcome outcome, std::span<const http::FieldView> trailers) {
  if (std::exchange(answered_, true)) return;
  if (loan_ != nullptr) {
    outcome_ = outcome;
    return;
  }
  if (Exchange* const exchange = handle_.get()) {
    if (threads_ != 0) outlive(*exchange);
    exchange->end(outcome, trailers);
    part();
  }
}

}  // namespace pelton::py

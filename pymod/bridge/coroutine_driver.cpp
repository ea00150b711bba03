#include "pymod/bridge/coroutine_driver.hpp"

#include <utility>

#include "core/check.hpp"
#include "pymod/bridge/driver_object.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/bridge/python_handler.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/response_reader.hpp"
#include "pymod/loop/blank_task.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

using http::Outcome;

namespace {

// A handler's coroutine during its first step.
class FirstStep final : public UntaskedStep {
 public:
  FirstStep(RequestLoan& loan, PyObject* coroutine, PyObject* side_channel,
            HostedCall* hosted = nullptr)
      : loan_(loan),
        loop_(*loan.route().application->loop),
        coroutine_(coroutine),
        side_channel_(side_channel),
        hosted_(hosted) {
    loop_.untasked = this;
  }
  FirstStep(const FirstStep&) = delete;
  FirstStep& operator=(const FirstStep&) = delete;
  ~FirstStep() { loop_.untasked = nullptr; }

  // Runs the step. Code that asks for the current task during the step gets the step's task.
  PySendResult make(PyObject*& result) {
    if constexpr (current_task_on_thread) lay_blank();
    return PyIter_Send(coroutine_, Py_None, &result);
  }

  // From now on the step runs in a task; the blank, if one is in place, becomes that task.
  bool become_task() override {
    if (driver_) return true;
    if (!make_task(laid_)) return false;
    driver().set_running(true);
    return enter();
  }

  PyObject* driver_of(PyObject* request) override {
    const bool ours = reinterpret_cast<PyObject*>(loan_.made()) == request;
    return ours && become_task() ? driver_.get() : nullptr;
  }

  // Whether code has used the step's task, or may still use it.
  bool has_task() const { return driver_ || blank_is_kept(); }

  // The step is over without a task: the task before it becomes the current one again. An exception
  // that is set stays set.
  void leave() {
    loop_.untasked = nullptr;
    if constexpr (current_task_on_thread) take_blank();
  }

  // The step is over. Makes the task if there is none yet; the task's first step reports how the
  // step ended.
  Outcome settle(StepEnd end) {
    const bool is_kept = blank_is_kept();
    if constexpr (current_task_on_thread) {
      take_blank();
    } else if (driver_) {
      forget_current();
    }
    if (!driver_ && !make_task(is_kept)) return fail();
    loop_.untasked = nullptr;
    driver().set_running(false);
    if (end.kind == PYGEN_NEXT) {
      if (hosted_ != nullptr && hosted_->is_answered()) {
        driver().leave_answered();
      } else {
        driver().suspend();
      }
    }
    driver().note_first(std::move(end));
    return run_task();
  }

  // There was no step: a new coroutine continues with a handler's result.
  Outcome settle_later(OwnedRef value) {
    loop_.untasked = nullptr;
    if (!make_driver()) return fail();
    const OwnedRef held = OwnedRef::share(driver_);
    Driver& suspended = driver();
    suspended.suspend();
    if (!suspended.go_on_with(std::move(value))) return Outcome::pending;
    if (make_task(false)) return run_task();
    suspended.fail_to_start();
    return Outcome::pending;
  }

 private:
  Driver& driver() const { return reinterpret_cast<DriverObject*>(driver_.get())->driver; }

  bool make_driver() {
    HotState& hot = loan_.route().application->hot;
    if (!driver_) {
      driver_ = OwnedRef(reinterpret_cast<PyObject*>(
          new_driver(hot.driver_type(), loan_, OwnedRef::share(coroutine_),
                     OwnedRef::share(side_channel_), hosted_)));
    }
    return static_cast<bool>(driver_);
  }

  // asyncio.Task(driver, loop=, context=). The task schedules its first step with call_soon(); the
  // handle goes to `step_` instead of the queue.
  bool make_task(bool of_blank) {
    PyObject* const type = loop_.types->task();
    if (type == nullptr || !make_driver()) return false;
    PyObject* const context = loan_.route().application->context->current();
    loop_.capture = &step_;
    OwnedRef task;
    if (of_blank) {
      if (fill_blank_task(loop_.blank, driver_.get(), context)) {
        task = OwnedRef(std::exchange(loop_.blank, nullptr));
      }
    } else {
      PyObject* values[5] = {nullptr, driver_.get(), loop_object(), Py_None, context};
      task = OwnedRef(PyObject_Vectorcall(type, values + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                          loop_.types->task_keywords.get()));
    }
    loop_.capture = nullptr;
    if (task && !step_) {
      PyErr_SetString(PyExc_RuntimeError, "asyncio.Task has not asked the loop for its first step");
    }
    if (!task || !step_) {
      driver_ = OwnedRef();
      return false;
    }
    driver().set_task(std::move(task));
    return true;
  }

  PyObject* loop_object() const { return reinterpret_cast<PyObject*>(&loop_); }

  // --- the current task in the thread state ---

  void lay_blank() {
    if (loop_.blank == nullptr) {
      PyTypeObject* const type = loop_.types->blank_task();
      loop_.blank = type == nullptr ? nullptr : new_blank_task(type, loop_);
    }
    if (loop_.blank != nullptr) {
      before_ = loop_.types->swap_current_task(loop_object(), loop_.blank);
    }
    laid_ = static_cast<bool>(before_);
    // Without memory, or where another loop runs, the step has no task until it waits.
    if (!laid_) PyErr_Clear();
  }

  void take_blank() {
    if (!std::exchange(laid_, false)) return;
    const OwnedRef raised(PyErr_Occurred() != nullptr ? take_exception() : nullptr);
    const OwnedRef blank = loop_.types->swap_current_task(loop_object(), before_.get());
    if (!blank) PyErr_Clear();
    before_ = OwnedRef();
    if (raised) raise(raised);
  }

  bool blank_is_kept() const {
    constexpr Py_ssize_t owners = 2;  // the loop and the thread state
    return laid_ && loop_.blank != nullptr && is_kept(loop_.blank, owners);
  }

  // --- the current task in a dictionary ---

  bool enter() {
    if constexpr (current_task_on_thread) return true;
    PyObject* const running = loop_.types->current_tasks();
    return running != nullptr && PyDict_SetItem(running, loop_object(), driver().task()) == 0;
  }
  void forget_current() {
    PyObject* const running = loop_.types->current_tasks();
    if (PyDict_DelItem(running, loop_object()) != 0) PyErr_Clear();
  }

  // Runs the task's first step, in which the driver only reports the step that has already run.
  Outcome run_task() {
    // The task keeps the context.
    const OwnedRef context = loan_.route().application->context->hand_over();
    const OwnedRef held = OwnedRef::share(driver_);
    if (!run_handle(*reinterpret_cast<HandleObject*>(step_.get()))) {
      PyErr_WriteUnraisable(driver_.get());
    }
    return driver().suspended() ? Outcome::pending : driver().outcome();
  }

  Outcome fail() {
    PyErr_WriteUnraisable(coroutine_);
    loan_.route().application->context->renew_if_used();
    return Outcome::failed;
  }

  RequestLoan& loan_;
  LoopObject& loop_;
  PyObject* const coroutine_;
  PyObject* const side_channel_;
  HostedCall* const hosted_;
  OwnedRef driver_;
  OwnedRef step_;
  OwnedRef before_;    // the current task before the step, or None
  bool laid_ = false;  // the loop's blank is the current task
};

OwnedRef driver_for(RequestLoan& loan, PyObject* coroutine, PyObject* side_channel,
                    HostedCall* hosted = nullptr) {
  HotState& hot = loan.route().application->hot;
  return OwnedRef(reinterpret_cast<PyObject*>(new_driver(
      hot.driver_type(), loan, OwnedRef::share(coroutine), OwnedRef::share(side_channel), hosted)));
}

Outcome fail(PyObject* coroutine) {
  PyErr_WriteUnraisable(coroutine);
  return Outcome::failed;
}

// On a loop that is not pelton's: an ordinary task, whose first step runs in a later turn of that
// loop.
Outcome start_task(ApplicationState& application, const OwnedRef& object) {
  Driver& driver = reinterpret_cast<DriverObject*>(object.get())->driver;
  const OwnedRef context = application.context->hand_over();
  OwnedRef task(
      PyObject_CallFunctionObjArgs(application.start_task, object.get(), context.get(), nullptr));
  if (task) {
    driver.suspend();
    driver.set_task(std::move(task));
    return Outcome::pending;
  }
  if (!driver.suspended()) return fail(object.get());
  driver.fail_to_start();
  return Outcome::pending;
}

// Like start_task(), for a handler's result that needs a coroutine to continue with it.
Outcome start_task_later(ApplicationState& application, RequestLoan& loan, OwnedRef value) {
  const OwnedRef object = driver_for(loan, nullptr, nullptr);
  if (!object) return fail(nullptr);
  Driver& driver = reinterpret_cast<DriverObject*>(object.get())->driver;
  driver.suspend();
  return driver.go_on_with(std::move(value)) ? start_task(application, object) : Outcome::pending;
}

}  // namespace

Outcome run_coroutine(RequestLoan& loan, PyObject* coroutine, PyObject* side_channel) {
  ApplicationState& application = *loan.route().application;
  if (application.loop == nullptr) [[unlikely]] {
    if (application.start_task != nullptr) {
      const OwnedRef object = driver_for(loan, coroutine, side_channel);
      return object ? start_task(application, object) : fail(coroutine);
    }
    PyErr_SetString(PyExc_RuntimeError, "there is no event loop to run an async def handler on");
    return answer_raised(loan);
  }
  FirstStep first(loan, coroutine, side_channel);
  PyObject* result = nullptr;
  const PySendResult kind = first.make(result);
  if (first.has_task() || kind == PYGEN_NEXT) [[unlikely]] {
    return first.settle({kind, OwnedRef(kind == PYGEN_ERROR ? take_exception() : result)});
  }
  first.leave();
  const Outcome outcome = answer_result(loan, OwnedRef(result), side_channel);
  application.context->renew_if_used();
  return outcome;
}

Outcome run_hosted(RequestLoan& loan, PyObject* coroutine, HostedCall& hosted) {
  ApplicationState& application = *loan.route().application;
  if (application.loop == nullptr) {
    if (application.start_task != nullptr) {
      const OwnedRef object = driver_for(loan, coroutine, nullptr, &hosted);
      return object ? start_task(application, object) : fail(coroutine);
    }
    PyErr_SetString(PyExc_RuntimeError, "there is no event loop to run the application on");
    return fail(coroutine);
  }
  FirstStep first(loan, coroutine, nullptr, &hosted);
  PyObject* result = nullptr;
  const PySendResult kind = first.make(result);
  StepEnd end{kind, OwnedRef(kind == PYGEN_ERROR ? take_exception() : result)};
  if (first.has_task() || kind == PYGEN_NEXT) return first.settle(std::move(end));
  first.leave();
  // Only a driver has more to do after that.
  CHECK(!hosted.conclude(end));
  application.context->renew_if_used();
  return hosted.outcome();
}

Outcome run_later(RequestLoan& loan) {
  ApplicationState& application = *loan.route().application;
  OwnedRef value = application.take_later();
  if (application.loop == nullptr) {
    if (application.start_task != nullptr) {
      return start_task_later(application, loan, std::move(value));
    }
    PyErr_SetString(PyExc_RuntimeError, "there is no event loop to stream or await a result on");
    return answer_raised(loan);
  }
  return FirstStep(loan, nullptr, nullptr).settle_later(std::move(value));
}

}  // namespace pelton::py

// A frozen application as requests see it: its routes with their plans, what it calls in Python,
// and how it reads and writes JSON. Owned by the Application object, which outlives every request.
#pragma once

#include <Python.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pymod/hotpath/hot_state.hpp"
#include "pymod/hotpath/json_reader.hpp"
#include "pymod/hotpath/plan.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/hotpath/request_context.hpp"

namespace pelton::py {

struct Hooks {
  OwnedRef app;
  OwnedRef on_exception;
  OwnedRef convert_result;
  OwnedRef side_channel;
  OwnedRef merge;
  OwnedRef on_unmatched;  // None: the server answers
  OwnedRef has_middleware;
  OwnedRef call_apart;  // (request) -> its handler's result; used once the exchange is over
  OwnedRef bad_json;
  OwnedRef refusal;
  OwnedRef log_lost;          // (request or None, exception)
  OwnedRef disconnect_error;  // (status; 0: the client has left) -> an exception
  // (the work after an answer, whether a handler's task has sent the answer) -> None, or a
  // coroutine that this task runs next.
  OwnedRef start_background;
  OwnedRef websocket;      // (request, RouteInfo) -> the handler's argument
  OwnedRef background;     // (side channel) -> its BackgroundTasks
  OwnedRef json_variable;  // the ContextVar by which Response.json() finds its encoder
  OwnedRef json_encoder;   // its value in this application's handlers
  OwnedRef go_on;  // (driver, value, RouteInfo) -> a coroutine; see ApplicationState::take_later()
};

class ApplicationState;
struct LoopObject;

struct CompiledRoute {
  ApplicationState* application = nullptr;
  std::vector<OwnedRef> parameter_names;  // of the template, in order
  Plan plan;
};

class ApplicationState {
 public:
  explicit ApplicationState(HotState& hot_state) : hot(hot_state) {}
  ApplicationState(const ApplicationState&) = delete;
  ApplicationState& operator=(const ApplicationState&) = delete;

  // Takes a mapping with every key of Hooks; false with an error set.
  bool set_hooks(BorrowedRef mapping);
  // `json_default` is null or a callable, kept alive from now on.
  void set_json_options(OwnedRef json_default, bool nan_is_error) {
    json_options_ = {.json_default = json_default.get(), .nan_is_error = nan_is_error};
    json_default_ = std::move(json_default);
  }
  const JsonWriteOptions& json_options() const { return json_options_; }

  // For the collector: every Python object this application keeps alive.
  int traverse(visitproc visit, void* context) const;
  void clear();

  HotState& hot;
  PyObject* object = nullptr;  // the Application itself, which owns this
  Hooks hooks;
  std::vector<std::unique_ptr<CompiledRoute>> routes;
  // For requests that matched no route.
  CompiledRoute unmatched;

  // While requests are served: the event loop of this thread, and what handlers run in.
  LoopObject* loop = nullptr;
  // Its own; while mounted in another application, that of the application served.
  RequestContext* context = &own_context;
  RequestContext own_context;
  // The context holds the JSON encoder of the application served, which is not this one's.
  bool sets_json_encoder = false;
  // Borrowed; used instead of `loop` if the loop is not pelton's: (coroutine, context) -> its task.
  PyObject* start_task = nullptr;

  // Coroutines of handlers that have begun to wait and have not ended, also of requests that are
  // over.
  std::size_t coroutines_waiting = 0;

  // Applications mounted in this one, served with it; their objects are kept alive elsewhere.
  std::vector<ApplicationState*> mounted;
  // Calls `work` for this application and all mounted below it.
  template <class Work>
  void for_all(Work&& work) {
    work(*this);
    for (ApplicationState* below : mounted) below->for_all(work);
  }

  // A result that needs a coroutine: an awaitable or a stream. send_result() leaves it here and
  // returns false without an error.
  void leave_later(OwnedRef value) { later_ = std::move(value); }
  OwnedRef take_later() { return std::move(later_); }
  bool has_later() const { return static_cast<bool>(later_); }

  // While a handler's task sends its answer: the coroutine that the task runs next.
  bool answers_in_task = false;
  void leave_follow_up(OwnedRef coroutine) { follow_up_ = std::move(coroutine); }
  OwnedRef take_follow_up() { return std::move(follow_up_); }

  bool strict_content_type = true;
  JsonReadLimits read_limits;
  std::size_t query_fields_max = 1000;
  std::size_t cookies_max = 200;

 private:
  OwnedRef later_;
  OwnedRef follow_up_;
  OwnedRef json_default_;
  JsonWriteOptions json_options_;
};

}  // namespace pelton::py

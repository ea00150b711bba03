// What stands between an exchange that outlives its handler's call and the asyncio.Task that runs
// the handler. To the task it is the coroutine: it passes every step on to the handler's, and what
// that returns or raises becomes the answer.
//
//   Task  --send, throw-->  Driver  --send, throw-->  the handler's coroutine
//                              |
//                              +---- its result: respond, or stream, or await something more
//                              +---- the exchange's events: cancel the task, wake who waits
#pragma once

#include <Python.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "http/serve/exchange.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// How one step of a coroutine ended.
struct StepEnd {
  PySendResult kind = PYGEN_ERROR;
  OwnedRef value;  // what it waits for, its result, or the exception it raised
};

// send() of a coroutine or an awaitable's iterator.
StepEnd step(PyObject* coroutine, PyObject* value);

// Of a file to be sent. Without a root the path is the application's own.
struct FileNames {
  std::string_view path;
  std::optional<std::string_view> root;
};

class Driver {
 public:
  // For the exchange whose handler is being called, to which the loan belongs. `coroutine` and
  // `side_channel` may be null.
  Driver(PyObject* object, RequestLoan& loan, OwnedRef coroutine, OwnedRef side_channel);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver();

  // --- the coroutine, as its task sees it ---
  PySendResult send(PyObject* value, PyObject** result);
  PySendResult throw_in(OwnedRef exception, PyObject** result);
  // How the step ended that was made before there was a task; the task's first step is told it.
  void note_first(StepEnd end) { first_ = std::move(end); }
  PyObject* coroutine() const { return coroutine_.get(); }
  // Ends the coroutine as a generator's close() does; an exchange that waits for it is a 500.
  PyObject* close();
  // Whether a step is being made: then nobody may make another from within. The handler's call
  // makes the first one, the driver itself all others.
  void set_running(bool running) { running_ = running; }
  // Its task cannot be made: the error that is set is reported, and a suspended exchange is a 500.
  void fail_to_start();

  // --- the exchange ---
  // It outlives the handler's call from now on, and so does the request.
  void suspend();
  bool suspended() const { return suspended_; }
  // Null once it has ended or is over.
  http::Exchange* exchange() { return loan_ != nullptr ? &loan_->exchange() : handle_.get(); }
  // Has a coroutine made that goes on with a result (ApplicationState::take_later()), and runs that
  // from now on. False with an error set.
  bool go_on_with(OwnedRef value);
  // What the handler's call returns for an exchange that was not suspended.
  http::Outcome outcome() const { return outcome_; }
  void set_task(OwnedRef task) { task_ = std::move(task); }
  PyObject* task() const { return task_.get(); }
  // Cancels the task for a stop, unless it still cleans up what the client's leaving has ended.
  void stop();
  // A thread has begun or ended work of the handler's: until its last one ends, the handler keeps
  // its place among those that run, be its coroutine through.
  void hold_place() { ++threads_; }
  // False if none has begun.
  bool leave_place();

  // --- a response in pieces; each false or null with an error set ---
  // From now on there is a producer, which ends with the client; that of events with its side.
  void produce(bool is_events);
  bool begin_stream(long status, PyObject* fields);
  // 1: go on; 0: wait for wait_for_room(); -1.
  int write(PyObject* data);
  PyObject* wait_for_room();
  void end_stream(bool whole);
  // Nothing that is written would leave.
  bool gone();

  // --- a file as the response; see driver_file.cpp ---
  // False with an error set.
  bool send_file(long status, PyObject* fields, const FileNames& names, PyObject* background);

  // --- the request's body as it arrives ---
  // bytes, b"" at its end, or None if wait_for_body() is to tell of more.
  PyObject* read_body();
  PyObject* wait_for_body();

  // --- a WebSocket ---
  // Accepts what the exchange asks for; its native end, or null with an error set. `subprotocol`
  // may be empty; of a message at most so many octets, if that is not negative.
  PyObject* accept_websocket(std::string_view subprotocol, PyObject* fields,
                             long long message_bytes_max);

  // --- the client ---
  bool disconnected() const { return peer_finished_; }
  PyObject* wait_for_disconnect();

  int traverse(visitproc visit, void* arg) const;
  void clear();

 private:
  enum class Waits : std::uint8_t { room, body, disconnect };

  static void hear(void* context, http::ExchangeEvent event, http::Exchange& exchange);
  void heard(http::ExchangeEvent event, http::Exchange& exchange);

  class Running;

  bool is_free() const;
  PySendResult pass_on(StepEnd end, PyObject** result);
  PySendResult throw_on(OwnedRef exception, PyObject** result);
  // The coroutine that goes on with what the last one gave; null if the exchange is answered.
  OwnedRef conclude(StepEnd& end);
  OwnedRef answer(StepEnd& end, http::Exchange& exchange);
  OwnedRef answer_error(OwnedRef error, http::Exchange& exchange);
  OwnedRef go_on(OwnedRef value);
  OwnedRef follow_up();
  void finish(http::Outcome outcome);
  // Cancels the task for the client, unless it has been cancelled: what a handler cleans up then is
  // not disturbed.
  void leave();
  void cancel();
  void part();

  void through();
  void outlive(http::Exchange& exchange);
  PyObject* wait_for(Waits what);
  void wake(Waits what);
  void fail(Waits what);
  PyObject* disconnect_error() const;
  bool offer_rest();

  PyObject* const object_;  // the Python object that this is inside of
  OwnedRef application_;    // lives as long as an answer may be asked of it
  const CompiledRoute& route_;
  const Plan* plan_;
  RequestLoan* loan_;  // null once suspended, or through with it
  bool suspended_ = false;
  http::ExchangeHandle handle_;
  http::Outcome outcome_ = http::Outcome::pending;
  OwnedRef coroutine_;
  OwnedRef side_channel_;
  OwnedRef request_;
  OwnedRef task_;
  OwnedRef cancellation_;  // a weak reference to the exception that `cancelled_` became
  OwnedRef waiters_[3];
  std::unique_ptr<http::OrphanedHandler> orphan_;  // of an exchange that ended before the handler
  std::uint32_t threads_ = 0;
  std::optional<StepEnd> first_;
  OwnedRef rest_;  // bytes of which the connection has taken `rest_at_`
  std::size_t rest_at_ = 0;
  Reason body_fault_ = Reason::none;
  bool running_ = false;
  bool in_error_ = false;     // what is answered is an exception
  bool cancel_next_ = false;  // a CancelledError is owed to the coroutine
  bool answered_ = false;
  bool waiting_ = false;  // counted in ApplicationState::coroutines_waiting
  bool produces_ = false;
  bool streams_ = false;
  bool leaves_with_peer_ = false;  // the end of the client's side is the end of the stream
  bool peer_finished_ = false;
  bool cancelled_ = false;  // of a producer: since it is one
  bool gone_ = false;
};

}  // namespace pelton::py

// Driver connects an exchange that outlives its handler's call with the asyncio.Task that runs the
// handler. For the task it is the coroutine: it forwards every step to the handler's coroutine, and
// makes the answer of that coroutine's result or exception.
//
//   Task  --send, throw-->  Driver  --send, throw-->  the handler's coroutine
//                              |
//                              +---- its result: respond, or stream, or await something more
//                              +---- the exchange's events: cancel the task, wake who waits
#pragma once

#include <Python.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/serve/exchange.hpp"
#include "http/serve/files/file_query.hpp"
#include "pymod/bridge/hosted_call.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// How one step of a coroutine ended.
struct StepEnd {
  PySendResult kind = PYGEN_ERROR;
  OwnedRef value;  // the awaited object, the result, or the exception raised
};

// send() of a coroutine or an awaitable's iterator.
StepEnd step(PyObject* coroutine, PyObject* value);

// The file to send. With a root, the path must lie below it; without one, the path may lead
// anywhere.
struct FileNames {
  std::string_view path;
  std::optional<std::string_view> root;
};

// An open file, from this octet on.
struct OpenFile {
  int descriptor = -1;
  std::uint64_t from = 0;
};

// How the sending of a file ended whose head the application has made.
struct FileEnd {
  http::OpenFault fault = http::OpenFault::none;  // else the application may answer otherwise
  bool is_complete = false;                       // the connection has taken all of it
};

class Driver {
 public:
  // The loan belongs to the exchange whose handler is being called. `coroutine`, `side_channel` and
  // `hosted` may be null.
  Driver(PyObject* object, RequestLoan& loan, OwnedRef coroutine, OwnedRef side_channel,
         HostedCall* hosted);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver();

  // --- the coroutine, as its task sees it ---
  PySendResult send(PyObject* value, PyObject** result);
  PySendResult throw_in(OwnedRef exception, PyObject** result);
  // Stores how the step ended that ran before there was a task; the task's first step reports it.
  void note_first(StepEnd end) { first_ = std::move(end); }
  PyObject* coroutine() const { return coroutine_.get(); }
  // Closes the coroutine as a generator's close() does; an exchange that waits for it gets a 500.
  PyObject* close();
  // Whether a step runs, within which no other step may start. The handler's call runs the first
  // step, the driver all others.
  void set_running(bool running) { running_ = running; }
  // The task cannot be made: reports the error that is set and answers a suspended exchange with
  // 500.
  void fail_to_start();

  // --- the exchange ---
  // From now on the exchange and the request outlive the handler's call.
  void suspend();
  bool suspended() const { return suspended_; }
  // The exchange is answered within the handler's call, although the coroutine goes on.
  void leave_answered();
  // Null once the exchange is over.
  http::Exchange* exchange() { return loan_ != nullptr ? &loan_->exchange() : handle_.get(); }
  // Makes a coroutine that continues with a result (ApplicationState::take_later()) and drives that
  // coroutine from now on. False, without an error set, if none follows.
  bool go_on_with(OwnedRef value);
  // What the handler's call returns for an exchange that was not suspended.
  http::Outcome outcome() const { return outcome_; }
  void set_task(OwnedRef task) { task_ = std::move(task); }
  PyObject* task() const { return task_.get(); }
  // Cancels the task, unless the handler still cleans up after an earlier cancellation.
  void stop();
  // Counts a thread that works for the handler. Until the last such thread ends, the handler keeps
  // its place among those that run, even after its coroutine has ended.
  void hold_place() { ++threads_; }
  // The thread has ended. False if no thread was counted.
  bool leave_place();

  // --- a response in pieces; each function returns false or null with an error set ---
  // From now on the task produces a stream: it is cancelled when the client leaves, and a stream of
  // events already when the client ends its side.
  void produce(bool is_events);
  // `status` is an int, which may have a phrase.
  bool begin_stream(PyObject* status, PyObject* fields);
  // Begins a stream for an application that goes on when the client leaves.
  bool begin_pieces(const http::ResponseHead& head);
  // 1: go on; 0: await wait_for_room() first; -1 with an error set.
  int write(PyObject* data);
  PyObject* wait_for_room();
  void end_stream(bool whole, std::span<const http::FieldView> trailers = {});
  // The response is whole; `trailers` is a list as of begin_stream(), or null.
  bool end_with(PyObject* trailers);
  // Whether a part of the last piece still waits for the connection.
  bool has_rest() const { return static_cast<bool>(rest_); }
  // Offers that part again. True once the connection has taken it and wants more.
  bool has_room() { return offer_rest(); }
  // Whether the client would get nothing of what is written.
  bool gone();

  // --- a file as the response; see driver_file.cpp ---
  // False with an error set.
  bool send_file(long status, PyObject* fields, const FileNames& names, PyObject* background);
  using HearFileEnd = std::move_only_function<void(FileEnd)>;
  // Sends a file after this head and no more fields, for a suspended exchange. `hear` is called
  // once, now or later. False with ValueError set.
  bool send_path(const http::ResponseHead& head, std::string path, HearFileEnd hear);
  // The same with an open file, whose descriptor is duplicated; for a handler's answer. `kept` is
  // released when the answer is over. OSError too.
  bool send_descriptor(PyObject* status, PyObject* fields, const OpenFile& file, PyObject* kept);

  // --- the request's body as it arrives ---
  static constexpr std::size_t body_piece_bytes_max = std::size_t{64} * 1024;
  // At most so many bytes, b"" at the end of the body, or None: wait_for_body() reports more.
  PyObject* read_body(std::size_t bytes_max = body_piece_bytes_max);
  PyObject* wait_for_body();

  // --- a WebSocket ---
  // Accepts the handshake; returns the WebSocketEnd, or null with an error set. `subprotocol` may
  // be empty. If `message_bytes_max` is negative, the server's limit holds.
  PyObject* accept_websocket(std::string_view subprotocol, PyObject* fields,
                             long long message_bytes_max);
  // The same for a suspended exchange that is not over.
  OwnedRef accept_websocket(const http::WebSocketAccept& accept);

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
  class LentFile;

  bool is_free() const;
  PySendResult pass_on(StepEnd end, PyObject** result);
  PySendResult throw_on(OwnedRef exception, PyObject** result);
  // The coroutine that continues with the result of the last one; null if there is none.
  OwnedRef conclude(StepEnd& end);
  OwnedRef answer(StepEnd& end, http::Exchange& exchange);
  OwnedRef answer_error(OwnedRef error, http::Exchange& exchange);
  OwnedRef go_on(OwnedRef value);
  OwnedRef follow_up();
  void finish(http::Outcome outcome, std::span<const http::FieldView> trailers = {});
  // Cancels the task because the client has left, unless the task was cancelled before: a handler's
  // clean-up is not disturbed.
  void leave();
  void cancel();
  void part();

  // The file sender has the exchange until the file has ended.
  void lend(http::FileQuery query, HearFileEnd hear);

  void through();
  void outlive(http::Exchange& exchange);
  PyObject* wait_for(Waits what);
  void wake(Waits what);
  void fail(Waits what);
  PyObject* disconnect_error() const;
  bool offer_rest();

  PyObject* const object_;  // the Python object that contains this
  OwnedRef application_;    // keeps the application alive
  const CompiledRoute& route_;
  const Plan* plan_;
  HostedCall* const hosted_;
  const OwnedRef hosted_object_;  // keeps the hosted call alive
  RequestLoan* loan_;             // null once suspended, or once a follow-up runs
  bool suspended_ = false;
  http::ExchangeHandle handle_;
  http::Outcome outcome_ = http::Outcome::pending;
  OwnedRef coroutine_;
  OwnedRef side_channel_;
  OwnedRef request_;
  OwnedRef task_;
  OwnedRef cancellation_;  // weak: the CancelledError of the last cancel()
  OwnedRef waiters_[3];
  std::unique_ptr<http::OrphanedHandler> orphan_;  // set if the exchange ends before the handler
  std::uint32_t threads_ = 0;
  std::optional<StepEnd> first_;
  OwnedRef rest_;  // bytes; the connection has taken `rest_at_` of them
  std::size_t rest_at_ = 0;
  Reason body_fault_ = Reason::none;
  bool running_ = false;
  bool in_error_ = false;     // the answer is to an exception
  bool cancel_next_ = false;  // the next send() raises CancelledError
  bool answered_ = false;
  bool waiting_ = false;  // counted in ApplicationState::coroutines_waiting
  bool produces_ = false;
  bool streams_ = false;
  bool leaves_with_peer_ = false;  // the task ends when the client ends its side
  bool peer_finished_ = false;
  bool cancelled_ = false;  // once there is a producer: cancelled since then
  bool gone_ = false;
};

}  // namespace pelton::py

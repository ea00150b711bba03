// The transport of a connected stream socket: asyncio.Transport, told by the loop's watches when
// its descriptor is ready. What it does and when is what asyncio's own does on a selector.
#pragma once

#include <Python.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/loop_object.hpp"
#include "pymod/loop/receiver.hpp"
#include "pymod/loop/write_queue.hpp"

namespace pelton::py {

struct StreamTransport {
  static constexpr std::size_t high_water_default = std::size_t{64} * 1024;

  Receiver head;        // of the inherited slots only the first is used: _extra
  LoopObject* loop;     // counted, as all that follow; null once the connection is lost
  PyObject* socket;     // null once it is closed
  PyObject* protocol;   // null once the connection is lost
  PyObject* server;     // null: none, or it knows that we are gone
  PyObject* context;    // what the protocol's callbacks run in
  PyObject* waiter;     // who waits for connection_made(), until then
  PyObject* lost_with;  // connection_lost()'s argument while that is to come; null: None
  PyObject* empty_waiter;
  PyObject* dictionary;
  PyObject* weak_references;
  WriteQueue queue;
  std::size_t high_water;
  std::size_t low_water;
  int descriptor;
  std::uint32_t read_in_round;  // of the loop, last
  unsigned lost_count;  // 1 once connection_lost() is under way; then one more for each write
  bool is_connected;    // there is a protocol to tell
  bool is_closing;
  bool is_paused;
  bool has_ended;  // write_eof()
  bool protocol_is_paused;
  bool has_unread;          // the loop has been told so
  bool reads_to_end;        // that a read was short does not say that all is read
  bool is_buffered;         // the protocol gives buffers
  unsigned feeds_protocol;  // versions of the classes that StreamFeed may stand for; 0: it may not
  unsigned feeds_reader;

  PyObject* object() { return reinterpret_cast<PyObject*>(this); }
  AsyncioParts& parts() const { return *loop->types->parts(); }
  bool is_reading() const { return !is_closing && !is_paused; }

  // --- what the loop tells; false with an error set that must leave it ---
  static bool run(PyObject* self, RunReason reason);
  bool begin();
  bool read();
  bool write_more();
  bool lose(OwnedRef error);

  // --- what its user asks; false with an error set that the caller gets ---
  bool set_protocol(PyObject* protocol);
  bool pause();
  bool resume();
  bool close();
  bool force_close(OwnedRef error);
  // One bytes-like object, written now or queued.
  bool write(PyObject* data);
  // The same of a sequence of them, with as few calls to the kernel as they take.
  bool write_all(PyObject* pieces);
  bool end_output();
  // Of what is queued, in octets; None: as the other has it.
  bool set_limits(PyObject* high, PyObject* low);

  // The error that is set ends the connection; OSError in silence, others are told.
  bool fail(const char* message);
  // To the loop's exception handler.
  bool tell(const char* message, PyObject* error);
  void watch(DescriptorWatches::Side side);
  void unwatch(DescriptorWatches::Side side);
  bool watches(DescriptorWatches::Side side) const;
  bool shut_down_output();

 private:
  // `left`: there may be more.
  bool receive(bool& left);
  bool receive_into_protocol(bool& left);
  bool received_end();
  void read_again();
  bool pause_protocol();
  bool resume_protocol();
  bool may_write();
  bool output_failed(int error);
};

// As the socket module's BlockingIOError and InterruptedError: the call may be made again.
constexpr bool would_block(int error) {
  return error == EAGAIN || error == EINTR || error == EALREADY || error == EINPROGRESS;
}

// Whether the error that is set must leave the loop, and is nobody's to handle.
bool must_leave();
// Wakes a future that is not done; its outcome is an error, or None.
bool settle_future(AsyncioParts& parts, PyObject* future, PyObject* error);

}  // namespace pelton::py

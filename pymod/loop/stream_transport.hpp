// The transport of a connected stream socket, an asyncio.Transport that the loop's watches run when
// its descriptor is ready. It does what asyncio's own transport does on a selector, in the same
// order.
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
  PyObject* server;     // null: none, or the transport has left it
  PyObject* context;    // of the protocol's callbacks
  PyObject* waiter;     // a future that waits for connection_made()
  PyObject* lost_with;  // connection_lost()'s argument until it is called; null: None
  PyObject* empty_waiter;
  PyObject* dictionary;
  PyObject* weak_references;
  WriteQueue queue;
  std::size_t high_water;
  std::size_t low_water;
  int descriptor;
  std::uint32_t read_in_round;  // the loop's round of the last read
  unsigned lost_count;  // 1 once connection_lost() is under way; then one more for each write
  bool is_connected;    // there is a protocol
  bool is_closing;
  bool is_paused;
  bool has_ended;  // write_eof()
  bool protocol_is_paused;
  bool has_unread;          // a run with RunReason::unread is queued
  bool reads_to_end;        // a short read does not mean that all is read
  bool is_buffered;         // the protocol is a BufferedProtocol
  unsigned feeds_protocol;  // class versions that allow feed_stream(); 0: not allowed
  unsigned feeds_reader;

  PyObject* object() { return reinterpret_cast<PyObject*>(this); }
  AsyncioParts& parts() const { return *loop->types->parts(); }
  bool is_reading() const { return !is_closing && !is_paused; }

  // --- called by the loop; false with an error set that must leave the loop ---
  static bool run(PyObject* self, RunReason reason);
  bool begin();
  bool read();
  bool write_more();
  bool lose(OwnedRef error);

  // --- called by the user; false with an error set for the caller ---
  bool set_protocol(PyObject* protocol);
  bool pause();
  bool resume();
  bool close();
  bool force_close(OwnedRef error);
  // One bytes-like object, written now or queued.
  bool write(PyObject* data);
  // Writes a sequence of such objects, with as few calls to the kernel as possible.
  bool write_all(PyObject* pieces);
  bool end_output();
  // Limits of the queue, in octets; None: derived from the other one.
  bool set_limits(PyObject* high, PyObject* low);

  // Ends the connection with the error that is set, and reports that error; an OSError only in
  // debug mode.
  bool fail(const char* message);
  // Reports to the loop's exception handler.
  bool tell(const char* message, PyObject* error);
  void watch(DescriptorWatches::Side side);
  void unwatch(DescriptorWatches::Side side);
  bool watches(DescriptorWatches::Side side) const;
  bool shut_down_output();

 private:
  // Sets `left` if there may be more.
  bool receive(bool& left);
  bool receive_into_protocol(bool& left);
  bool received_end();
  void read_again();
  bool pause_protocol();
  bool resume_protocol();
  bool may_write();
  bool output_failed(int error);
};

// Errors that the socket module raises as BlockingIOError or InterruptedError: the call may be made
// again.
constexpr bool would_block(int error) {
  return error == EAGAIN || error == EINTR || error == EALREADY || error == EINPROGRESS;
}

// Whether the error that is set must leave the loop unhandled.
bool must_leave();
// Ends a future that is not done, with an error or None.
bool settle_future(AsyncioParts& parts, PyObject* future, PyObject* error);

}  // namespace pelton::py

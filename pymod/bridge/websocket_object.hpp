// The native end of one WebSocket in Python: messages wait here until a task receives them.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "http/serve/websocket.hpp"
#include "pymod/bridge/hosted_call.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class WebSocketEnd {
 public:
  WebSocketEnd(PyObject* object, ApplicationState& application)
      : object_(object),
        application_(application),
        application_object_(OwnedRef::share(application.object)) {}
  WebSocketEnd(const WebSocketEnd&) = delete;
  WebSocketEnd& operator=(const WebSocketEnd&) = delete;

  // From now on, until the WebSocket closes, the connection holds a reference to the object.
  http::WebSocketListener listener();
  void begin(const http::WebSocketAccepted& accepted) {
    handle_ = accepted.socket;
    topics_ = accepted.topics;
  }

  // Told whenever a message has arrived, there is room again or the WebSocket has ended; null for
  // nobody. It is kept until the end: a task that waits for news may have no other owner.
  void observe(HostedCall* observer) {
    observer_ = observer;
    observer_object_ = OwnedRef::share(observer == nullptr ? nullptr : observer->object());
  }

  // Queues a message; see http::WebSocket::send().
  http::SendOutcome offer(std::string_view octets, bool is_text);
  // Whether the queue has been above its high mark since the last message.
  bool is_full() const { return is_full_; }
  // 1: go on; 0: await wait_for_room() first; -1 with WebSocketDisconnect set.
  int send(std::string_view octets, bool is_text);
  // Futures; null with an error set.
  PyObject* wait_for_room();
  PyObject* wait_for_message();
  bool has_message() const { return !messages_.empty(); }
  // The first message, of which there is one: str or bytes. Null with an error set.
  OwnedRef take_first();
  // The first message with its kind, or None; null with WebSocketDisconnect set once all are taken.
  PyObject* take_message();
  bool ping(std::string_view octets);
  bool close(long code, std::string_view reason);
  // False with WebSocketDisconnect set.
  bool subscribe(std::string_view topic);
  void unsubscribe(std::string_view topic);
  std::size_t buffered_bytes() const;
  // Whether nothing more can be sent.
  bool closing() const;
  // (code, reason), or None.
  PyObject* closed() const;
  // The same once no further message arrives; null before.
  BorrowedRef ended() const { return closed_; }

  int traverse(visitproc visit, void* arg) const;
  void clear();

 private:
  static void hear(void* context, http::WebSocket& socket, const http::WebSocketNews& news);
  void heard(const http::WebSocketNews& news);
  void take(http::MessageKind kind, std::string_view octets);
  void wake_receiver();
  OwnedRef first_message() const;
  void drop_first();
  void ended(const http::WebSocketNews& news);
  void fail_sender();
  bool note_closing(std::uint16_t code, std::string_view reason);
  void tell_undelivered();
  // (code, reason), or null.
  OwnedRef known_end() const;
  OwnedRef disconnect() const;
  PyObject* new_future();

  struct Waiting {
    OwnedRef message;   // str or bytes; a long text is bytes too
    std::size_t bytes;  // of the message as received
    http::MessageKind kind;
  };

  PyObject* const object_;
  ApplicationState& application_;
  OwnedRef application_object_;
  HostedCall* observer_ = nullptr;
  OwnedRef observer_object_;
  // Empty after the `closed` event: the server may be gone by then.
  http::WebSocketHandle handle_;
  http::Topics* topics_ = nullptr;
  std::deque<Waiting> messages_;
  std::size_t undelivered_bytes_ = 0;
  // The last message passed the high mark: a `writable` event follows.
  bool is_full_ = false;
  OwnedRef receiver_;  // a future
  OwnedRef sender_;    // a future
  OwnedRef closing_;   // (code, reason) of the Close sent here
  OwnedRef closed_;    // (code, reason)
};

PyTypeObject* make_websocket_type();
// A new reference, or null with an error set.
PyObject* new_websocket(PyTypeObject* type, ApplicationState& application);
WebSocketEnd& websocket_in(PyObject* object);

}  // namespace pelton::py

// The native end of one WebSocket in Python: messages wait here for whoever receives them.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "http/serve/websocket.hpp"
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

  // From here on the connection holds the object, until it is closed.
  http::WebSocketListener listener();
  void begin(const http::WebSocketAccepted& accepted) {
    handle_ = accepted.socket;
    topics_ = accepted.topics;
  }

  // 1: go on; 0: wait for wait_for_room(); -1 with WebSocketDisconnect set.
  int send(std::string_view octets, bool is_text);
  // Futures; null with an error set.
  PyObject* wait_for_room();
  PyObject* wait_for_message();
  // The first message, or None; null with WebSocketDisconnect set once all are taken.
  PyObject* take_message();
  bool ping(std::string_view octets);
  bool close(long code, std::string_view reason);
  // False with WebSocketDisconnect set.
  bool subscribe(std::string_view topic);
  void unsubscribe(std::string_view topic);
  std::size_t buffered_bytes() const;
  // Nothing more can be sent.
  bool closing() const;
  // (code, reason), or None.
  PyObject* closed() const;

  int traverse(visitproc visit, void* arg) const;
  void clear();

 private:
  static void hear(void* context, http::WebSocket& socket, const http::WebSocketNews& news);
  void heard(const http::WebSocketNews& news);
  void take(http::MessageKind kind, std::string_view octets);
  void wake_receiver();
  void ended(const http::WebSocketNews& news);
  void fail_sender();
  bool note_closing(std::uint16_t code, std::string_view reason);
  void tell_undelivered();
  // (code, reason), or null.
  OwnedRef known_end() const;
  OwnedRef disconnect() const;
  PyObject* new_future();

  struct Waiting {
    OwnedRef message;   // str or bytes; bytes also of a long text
    std::size_t bytes;  // as it came
    http::MessageKind kind;
  };

  PyObject* const object_;
  ApplicationState& application_;
  OwnedRef application_object_;
  // Until `closed`: the server may be gone after it.
  http::WebSocketHandle handle_;
  http::Topics* topics_ = nullptr;
  std::deque<Waiting> messages_;
  std::size_t undelivered_bytes_ = 0;
  // The last message passed the high mark: `writable` will be heard.
  bool is_full_ = false;
  OwnedRef receiver_;  // a future
  OwnedRef sender_;    // a future
  OwnedRef closing_;   // (code, reason) of our Close
  OwnedRef closed_;    // (code, reason)
};

PyTypeObject* make_websocket_type();
// A new reference, or null with an error set.
PyObject* new_websocket(PyTypeObject* type, ApplicationState& application);
WebSocketEnd& websocket_in(PyObject* object);

}  // namespace pelton::py

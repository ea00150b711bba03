// One WebSocket of an ASGI application: what `receive` and `send` of its call do. Before it is
// accepted, its request may be answered like any other (websocket.http.response).
#pragma once

#include <Python.h>

#include "pymod/bridge/websocket_object.hpp"
#include "pymod/hosting/asgi_exchange.hpp"

namespace pelton::py {

class AsgiSocket final : public AsgiExchange {
 public:
  static constexpr const char* type_name = "pelton._native.AsgiSocket";

  AsgiSocket(PyObject* object, AsgiApplication& host, RequestLoan& loan, OwnedRef scope);
  AsgiSocket(const AsgiSocket&) = delete;
  AsgiSocket& operator=(const AsgiSocket&) = delete;
  ~AsgiSocket() override;

  OwnedRef take_event() override;
  // A piece is a message: str or bytes.
  int go_on_sending(OwnedRef& piece, bool is_last) override;
  OwnedRef conclude(StepEnd& end) override;

  int traverse(visitproc visit, void* arg) const override;

 private:
  PyObject* send(PyObject* event, PyObject* type) override;
  PyObject* missing_event() const override;

  bool accept(PyObject* event);
  PyObject* send_message(PyObject* event);
  bool close(PyObject* event);
  // True if events of an open WebSocket may be sent; false with an error set.
  bool is_open(const char* event);
  WebSocketEnd& end() const { return websocket_in(end_.get()); }
  OwnedRef disconnect_event(BorrowedRef code_and_reason) const;

  OwnedRef end_;               // once it is accepted
  bool is_connected_ = false;  // the application has got websocket.connect
  bool is_closed_ = false;     // the application has sent websocket.close
};

}  // namespace pelton::py

#include "pymod/loop/asyncio_parts.hpp"

#include <utility>

namespace pelton::py {

namespace {

// False with an error set.
bool take(OwnedRef& place, PyObject* owner, const char* name) {
  place = OwnedRef(owner == nullptr ? nullptr : PyObject_GetAttrString(owner, name));
  return static_cast<bool>(place);
}

}  // namespace

bool AsyncioParts::Names::make() {
  const std::pair<OwnedRef&, const char*> all[] = {
      {accept, "accept"},
      {attach, "_attach"},
      {blocking, "_asyncio_future_blocking"},
      {buffer, "_buffer"},
      {buffer_updated, "buffer_updated"},
      {call_exception_handler, "call_exception_handler"},
      {cancelled, "cancelled"},
      {close, "close"},
      {connect, "connect"},
      {connection_lost, "connection_lost"},
      {connection_made, "connection_made"},
      {data, "data"},
      {data_received, "data_received"},
      {detach, "_detach"},
      {done, "done"},
      {eof, "_eof"},
      {eof_received, "eof_received"},
      {feed_data, "feed_data"},
      {fileno, "fileno"},
      {get_buffer, "get_buffer"},
      {getpeername, "getpeername"},
      {getsockname, "getsockname"},
      {gettimeout, "gettimeout"},
      {limit, "_limit"},
      {pause_writing, "pause_writing"},
      {paused, "_paused"},
      {peername, "peername"},
      {reader, "_stream_reader_wr"},
      {reader_property, "_stream_reader"},
      {resume_writing, "resume_writing"},
      {set_exception, "set_exception"},
      {set_result, "set_result"},
      {setblocking, "setblocking"},
      {sockname, "sockname"},
      {socket, "socket"},
      {transport, "_transport"},
      {transports, "_transports"},
      {waiter, "_waiter"},
      {wakeup_waiter, "_wakeup_waiter"},
  };
  for (const auto& [place, text] : all) {
    place = OwnedRef(PyUnicode_InternFromString(text));
    if (!place) return false;
  }
  return true;
}

bool AsyncioParts::import() {
  const OwnedRef transports(PyImport_ImportModule("asyncio.transports"));
  const OwnedRef protocols(PyImport_ImportModule("asyncio.protocols"));
  const OwnedRef sockets(PyImport_ImportModule("asyncio.trsock"));
  const OwnedRef streams(PyImport_ImportModule("asyncio.streams"));
  const OwnedRef logs(PyImport_ImportModule("asyncio.log"));
  const OwnedRef constants(PyImport_ImportModule("asyncio.constants"));
  const OwnedRef socket(PyImport_ImportModule("socket"));
  const OwnedRef c_socket(PyImport_ImportModule("_socket"));
  OwnedRef modes;
  return take(transport_class, transports.get(), "_FlowControlMixin") &&
         take(buffered_protocol_class, protocols.get(), "BufferedProtocol") &&
         take(transport_socket_class, sockets.get(), "TransportSocket") &&
         take(reader_protocol_class, streams.get(), "StreamReaderProtocol") &&
         take(reader_class, streams.get(), "StreamReader") &&
         take(data_received_function, reader_protocol_class.get(), "data_received") &&
         take(reader_property, reader_protocol_class.get(), "_stream_reader") &&
         take(feed_data_function, reader_class.get(), "feed_data") &&
         take(wakeup_waiter_function, reader_class.get(), "_wakeup_waiter") &&
         take(logger, logs.get(), "logger") && take(modes, constants.get(), "_SendfileMode") &&
         take(native_sendfile, modes.get(), "TRY_NATIVE") &&
         take(socket_class, socket.get(), "socket") &&
         take(plain_socket_class, c_socket.get(), "socket") &&
         take(socket_family, plain_socket_class.get(), "family") &&
         take(socket_type, plain_socket_class.get(), "type") &&
         take(socket_proto, plain_socket_class.get(), "proto");
}

std::unique_ptr<AsyncioParts> AsyncioParts::make() {
  std::unique_ptr<AsyncioParts> parts(new AsyncioParts());
  return parts->names.make() && parts->import() ? std::move(parts) : nullptr;
}

}  // namespace pelton::py

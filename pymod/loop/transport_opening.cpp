#include "pymod/loop/transport_opening.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <iterator>
#include <new>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/named_arguments.hpp"
#include "pymod/loop/socket_address.hpp"
#include "pymod/loop/stream_transport.hpp"

namespace pelton::py {

namespace {

struct Opening {
  PyObject* socket = nullptr;
  PyObject* protocol = nullptr;
  PyObject* waiter = nullptr;  // these may be None too
  PyObject* extra = nullptr;
  PyObject* server = nullptr;
};

bool read_arguments(PyObject* const* arguments, Py_ssize_t count, PyObject* names,
                    Opening& opening) {
  Parameter given[] = {{.name = "sock"},
                       {.name = "protocol"},
                       {.name = "waiter"},
                       {.name = "extra"},
                       {.name = "server"}};
  const bool placed = place_arguments("_make_socket_transport", given, arguments, count, names);
  opening = {.socket = given[0].value,
             .protocol = given[1].value,
             .waiter = given[2].value,
             .extra = given[3].value,
             .server = given[4].value};
  if (placed && opening.socket != nullptr && opening.protocol != nullptr) return true;
  PyErr_SetString(PyExc_TypeError, "a transport takes sock, protocol, waiter, extra and server");
  return false;
}

// Fills in what asyncio gives of a connection: its socket, and its addresses unless they are given.
bool fill_extra(PyObject* extra, PyObject* socket, int descriptor, AsyncioParts& asyncio) {
  const OwnedRef shown(PyObject_CallOneArg(asyncio.transport_socket_class.get(), socket));
  if (!shown || PyDict_SetItem(extra, asyncio.names.socket.get(), shown.get()) != 0) return false;
  const auto fill = [&](const OwnedRef& key, const OwnedRef& getter, OwnedRef name) {
    if (!name && PyErr_Occurred() == nullptr) name = OwnedRef(call_method(socket, getter));
    if (!name) {
      if (PyErr_ExceptionMatches(PyExc_OSError) == 0) return false;
      PyErr_Clear();
      name = OwnedRef::share(Py_None);
    }
    return PyDict_SetItem(extra, key.get(), name.get()) == 0;
  };
  if (!fill(asyncio.names.sockname, asyncio.names.getsockname, own_address(descriptor))) {
    return false;
  }
  const int known = PyDict_Contains(extra, asyncio.names.peername.get());
  return known == 1 || (known == 0 && fill(asyncio.names.peername, asyncio.names.getpeername,
                                           peer_address(descriptor)));
}

// The dictionary in loop._transports: weak references by descriptor. Null with an error set.
OwnedRef listed(PyObject* loop, const AsyncioParts& asyncio) {
  const OwnedRef all(PyObject_GetAttr(loop, asyncio.names.transports.get()));
  return OwnedRef(all ? PyObject_GetAttr(all.get(), asyncio.names.data.get()) : nullptr);
}

// Adds a weak reference that stays in the list until the next transport of its descriptor replaces
// it.
bool enlist(PyObject* loop, StreamTransport& transport, const AsyncioParts& asyncio) {
  const OwnedRef data = listed(loop, asyncio);
  const OwnedRef key(data ? PyLong_FromLong(transport.descriptor) : nullptr);
  const OwnedRef weak(key ? PyWeakref_NewRef(transport.object(), nullptr) : nullptr);
  return weak && PyObject_SetItem(data.get(), key.get(), weak.get()) == 0;
}

bool fill(StreamTransport& transport, LoopObject& loop, const Opening& opening) {
  AsyncioParts& asyncio = *loop.types->parts();
  PyObject* const loop_object = reinterpret_cast<PyObject*>(&loop);
  transport.head.run = StreamTransport::run;
  transport.high_water = StreamTransport::high_water_default;
  transport.low_water = StreamTransport::high_water_default / 4;
  transport.loop = reinterpret_cast<LoopObject*>(Py_NewRef(loop_object));
  transport.descriptor = descriptor_in(opening.socket, asyncio.names.fileno.get());
  if (transport.descriptor == -1 && PyErr_Occurred() != nullptr) return false;
  const bool has_extra = opening.extra != nullptr && opening.extra != Py_None;
  transport.head.inherited[0] = has_extra ? Py_NewRef(opening.extra) : PyDict_New();
  transport.context = PyContext_CopyCurrent();
  if (transport.head.inherited[0] == nullptr || transport.context == nullptr ||
      !fill_extra(transport.head.inherited[0], opening.socket, transport.descriptor, asyncio)) {
    return false;
  }
  transport.socket = Py_NewRef(opening.socket);
  if (!transport.set_protocol(opening.protocol)) return false;
  if (opening.server != nullptr && opening.server != Py_None) {
    PyObject* const named = server_names_transports ? transport.object() : nullptr;
    if (!OwnedRef(call_method(opening.server, asyncio.names.attach, named))) return false;
    // A closed server refuses; the transport then does not detach from it later.
    transport.server = Py_NewRef(opening.server);
  }
  if (!enlist(loop_object, transport, asyncio)) return false;
  if (opening.waiter != nullptr && opening.waiter != Py_None) {
    transport.waiter = Py_NewRef(opening.waiter);
  }
  // Small writes do not wait for the peer. A socket that is not TCP refuses the option; there, a
  // read may stop at more than urgent data, as AF_UNIX does after passed descriptors.
  const int one = 1;
  transport.reads_to_end =
      ::setsockopt(transport.descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0;
  return loop.check_open();
}

PyObject* open(LoopObject& loop, const Opening& opening) {
  PyTypeObject* const type = loop.types->stream_transport();
  if (type == nullptr) return nullptr;
  if constexpr (transports_are_exclusive) {
    const int descriptor = descriptor_in(opening.socket, loop.types->parts()->names.fileno.get());
    if (descriptor == -1 && PyErr_Occurred() != nullptr) return nullptr;
    if (!is_without_transport(loop, opening.socket, descriptor)) return nullptr;
  }
  OwnedRef made(type->tp_alloc(type, 0));
  if (!made) return nullptr;
  auto& transport = *reinterpret_cast<StreamTransport*>(made.get());
  new (&transport.queue) WriteQueue();
  if (!fill(transport, loop, opening)) return nullptr;
  loop.core->push(OwnedRef::share(made), RunReason::begin);
  return made.release();
}

}  // namespace

int descriptor_in(PyObject* socket, PyObject* fileno_name) {
  PyObject* values[] = {socket};
  const OwnedRef number(
      PyObject_VectorcallMethod(fileno_name, values, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
  return number ? int_value(number.get()) : -1;
}

bool is_without_transport(LoopObject& loop, PyObject* socket, int descriptor) {
  AsyncioParts& asyncio = *loop.types->parts();
  PyObject* const loop_object = reinterpret_cast<PyObject*>(&loop);
  const OwnedRef data = listed(loop_object, asyncio);
  const OwnedRef key(data ? PyLong_FromLong(descriptor) : nullptr);
  if (!key) return false;
  if (PyDict_CheckExact(data.get())) {
    PyObject* const weak = PyDict_GetItemWithError(data.get(), key.get());
    if (weak == nullptr) return PyErr_Occurred() == nullptr;
    if (PyWeakref_CheckRef(weak) && !OwnedRef(referent(weak))) return true;
  }
  return static_cast<bool>(
      OwnedRef(PyObject_CallMethod(loop_object, "_ensure_fd_no_transport", "O", socket)));
}

PyObject* make_socket_transport(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                                PyObject* names) {
  Opening opening;
  if (!read_arguments(arguments, count, names, opening)) return nullptr;
  return open(*reinterpret_cast<LoopObject*>(loop), opening);
}

PyObject* open_transport(LoopObject& loop, PyObject* socket, PyObject* protocol, PyObject* extra,
                         PyObject* server) {
  return open(loop, {.socket = socket, .protocol = protocol, .extra = extra, .server = server});
}

}  // namespace pelton::py

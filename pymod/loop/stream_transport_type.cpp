#include "pymod/loop/stream_transport_type.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/named_arguments.hpp"
#include "pymod/loop/stream_transport.hpp"

namespace pelton::py {

using Side = DescriptorWatches::Side;

namespace {

StreamTransport& of(PyObject* self) {
  return *reinterpret_cast<StreamTransport*>(self);
}

template <auto function>
PyCFunction as_method() {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyObject* none_if(bool done) {
  if (!done) return nullptr;
  Py_RETURN_NONE;
}

PyObject* or_none(PyObject* object) {
  return Py_NewRef(object == nullptr ? Py_None : object);
}

// --- asyncio.Transport ---

PyObject* write(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  PyObject* const data = only_argument("write", "data", arguments, count, names);
  return data == nullptr ? nullptr : none_if(of(self).write(data));
}

PyObject* writelines(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                     PyObject* names) {
  PyObject* const pieces = only_argument("writelines", "list_of_data", arguments, count, names);
  return pieces == nullptr ? nullptr : none_if(of(self).write_all(pieces));
}

PyObject* write_eof(PyObject* self, PyObject*) {
  return none_if(of(self).end_output());
}

PyObject* can_write_eof(PyObject*, PyObject*) {
  Py_RETURN_TRUE;
}

PyObject* close(PyObject* self, PyObject*) {
  return none_if(of(self).close());
}

PyObject* drop(PyObject* self, PyObject*) {
  return none_if(of(self).force_close(OwnedRef()));
}

PyObject* is_closing(PyObject* self, PyObject*) {
  return PyBool_FromLong(of(self).is_closing);
}

PyObject* is_reading(PyObject* self, PyObject*) {
  return PyBool_FromLong(of(self).is_reading());
}

PyObject* pause_reading(PyObject* self, PyObject*) {
  return none_if(of(self).pause());
}

PyObject* resume_reading(PyObject* self, PyObject*) {
  return none_if(of(self).resume());
}

PyObject* set_protocol(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                       PyObject* names) {
  PyObject* const protocol = only_argument("set_protocol", "protocol", arguments, count, names);
  if (protocol == nullptr) return nullptr;
  StreamTransport& transport = of(self);
  if (transport.loop == nullptr) {
    const OwnedRef before(std::exchange(transport.protocol, Py_NewRef(protocol)));
    Py_RETURN_NONE;
  }
  return none_if(transport.set_protocol(protocol));
}

PyObject* get_protocol(PyObject* self, PyObject*) {
  return or_none(of(self).protocol);
}

PyObject* get_extra_info(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                         PyObject* names) {
  Parameter given[] = {{.name = "name"}, {.name = "default"}};
  if (!place_arguments("get_extra_info", given, arguments, count, names)) return nullptr;
  PyObject* const name = given[0].value;
  if (name == nullptr) {
    PyErr_SetString(PyExc_TypeError, "get_extra_info() misses its name");
    return nullptr;
  }
  PyObject* const extra = of(self).head.inherited[0];
  PyObject* const fallback = given[1].value == nullptr ? Py_None : given[1].value;
  if (extra == nullptr || !PyDict_Check(extra)) return Py_NewRef(fallback);
  PyObject* const found = PyDict_GetItemWithError(extra, name);
  if (found == nullptr && PyErr_Occurred() != nullptr) return nullptr;
  return Py_NewRef(found == nullptr ? fallback : found);
}

// --- limits of the queue ---

PyObject* get_write_buffer_size(PyObject* self, PyObject*) {
  return PyLong_FromSize_t(of(self).queue.bytes());
}

PyObject* get_write_buffer_limits(PyObject* self, PyObject*) {
  const auto signed_of = [](std::size_t bytes) { return static_cast<Py_ssize_t>(bytes); };
  return Py_BuildValue("(nn)", signed_of(of(self).low_water), signed_of(of(self).high_water));
}

PyObject* set_write_buffer_limits(PyObject* self, PyObject* arguments, PyObject* names) {
  static const char* const keywords[] = {"high", "low", nullptr};
  PyObject* high = Py_None;
  PyObject* low = Py_None;
  if (PyArg_ParseTupleAndKeywords(arguments, names, "|OO:set_write_buffer_limits",
                                  const_cast<char**>(keywords), &high, &low) == 0) {
    return nullptr;
  }
  return none_if(of(self).set_limits(high, low));
}

// --- what asyncio calls on its own transports ---

PyObject* make_empty_waiter(PyObject* self, PyObject*) {
  StreamTransport& transport = of(self);
  if (transport.empty_waiter != nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "Empty waiter is already set");
    return nullptr;
  }
  transport.empty_waiter =
      PyObject_CallMethod(reinterpret_cast<PyObject*>(transport.loop), "create_future", nullptr);
  if (transport.empty_waiter == nullptr) return nullptr;
  if (transport.queue.empty() &&
      !settle_future(transport.parts(), transport.empty_waiter, nullptr)) {
    return nullptr;
  }
  return Py_NewRef(transport.empty_waiter);
}

PyObject* reset_empty_waiter(PyObject* self, PyObject*) {
  Py_CLEAR(of(self).empty_waiter);
  Py_RETURN_NONE;
}

PyObject* force_close(PyObject* self, PyObject* error) {
  return none_if(of(self).force_close(error == Py_None ? OwnedRef() : OwnedRef::share(error)));
}

PyObject* fatal_error(PyObject* self, PyObject* arguments, PyObject* names) {
  static const char* const keywords[] = {"exc", "message", nullptr};
  PyObject* error = nullptr;
  const char* message = "Fatal error on transport";
  if (PyArg_ParseTupleAndKeywords(arguments, names, "O|s:_fatal_error",
                                  const_cast<char**>(keywords), &error, &message) == 0) {
    return nullptr;
  }
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error)), error);
  return none_if(of(self).fail(message));
}

template <RunReason reason>
PyObject* run_for(PyObject* self, PyObject*) {
  return none_if(StreamTransport::run(self, reason));
}

// --- attributes ---

template <PyObject* StreamTransport::* member>
PyObject* get_member(PyObject* self, void*) {
  return or_none(of(self).*member);
}

template <bool StreamTransport::* flag>
PyObject* get_flag(PyObject* self, void*) {
  return PyBool_FromLong(of(self).*flag);
}

template <std::size_t StreamTransport::* limit>
PyObject* get_limit(PyObject* self, void*) {
  return PyLong_FromSize_t(of(self).*limit);
}

PyObject* get_loop(PyObject* self, void*) {
  return or_none(reinterpret_cast<PyObject*>(of(self).loop));
}

PyObject* get_descriptor(PyObject* self, void*) {
  return PyLong_FromLong(of(self).descriptor);
}

PyObject* get_lost_count(PyObject* self, void*) {
  return PyLong_FromUnsignedLong(of(self).lost_count);
}

PyObject* get_queue(PyObject* self, void*) {
  return of(self).queue.contents();
}

PyObject* represent(PyObject* self) {
  StreamTransport& transport = of(self);
  const char* const state =
      transport.socket == nullptr ? " closed" : (transport.is_closing ? " closing" : "");
  const bool alive = transport.loop != nullptr && !transport.loop->core->closed();
  if (!alive) return PyUnicode_FromFormat("<StreamTransport%s fd=%d>", state, transport.descriptor);
  const auto polling = [&](Side side) { return transport.watches(side) ? "polling" : "idle"; };
  return PyUnicode_FromFormat("<StreamTransport%s fd=%d read=%s write=<%s, bufsize=%zu>>", state,
                              transport.descriptor, polling(Side::reader), polling(Side::writer),
                              transport.queue.bytes());
}

// --- life ---

// All references but _extra and the loop.
std::array<PyObject**, 8> references(StreamTransport& transport) {
  return {&transport.socket, &transport.protocol,  &transport.server,       &transport.context,
          &transport.waiter, &transport.lost_with, &transport.empty_waiter, &transport.dictionary};
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  StreamTransport& transport = of(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(transport.head.inherited[0]);
  Py_VISIT(transport.loop);
  for (PyObject** const reference : references(transport)) Py_VISIT(*reference);
  return 0;
}

int clear(PyObject* self) {
  StreamTransport& transport = of(self);
  Py_CLEAR(transport.head.inherited[0]);
  const OwnedRef loop(reinterpret_cast<PyObject*>(std::exchange(transport.loop, nullptr)));
  for (PyObject** const reference : references(transport)) Py_CLEAR(*reference);
  transport.is_closing = true;
  return 0;
}

// asyncio's __del__.
void finalize(PyObject* self) {
  StreamTransport& transport = of(self);
  if (transport.socket == nullptr) return;
  const OwnedRef pending(take_exception());
  if (PyErr_ResourceWarning(self, 1, "unclosed transport %R", self) != 0) {
    PyErr_WriteUnraisable(self);
  }
  const OwnedRef socket(std::exchange(transport.socket, nullptr));
  if (!OwnedRef(PyObject_CallMethod(socket.get(), "close", nullptr))) PyErr_WriteUnraisable(self);
  if (transport.server != nullptr && transport.loop != nullptr) {
    const OwnedRef server(std::exchange(transport.server, nullptr));
    PyObject* const named = server_names_transports ? self : nullptr;
    if (!OwnedRef(call_method(server.get(), transport.parts().names.detach, named))) {
      PyErr_WriteUnraisable(self);
    }
  }
  if (pending) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(pending.get())), pending.get());
  }
}

void dealloc(PyObject* self) {
  if (PyObject_CallFinalizerFromDealloc(self) < 0) return;
  PyObject_GC_UnTrack(self);
  StreamTransport& transport = of(self);
  if (transport.weak_references != nullptr) PyObject_ClearWeakRefs(self);
  clear(self);
  transport.queue.~WriteQueue();
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef methods[] = {
    {"write", as_method<write>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Sends the octets, now or as soon as they are taken.")},
    {"writelines", as_method<writelines>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("write() of each, with fewer calls.")},
    {"write_eof", write_eof, METH_NOARGS, PyDoc_STR("Ends our side once all is sent.")},
    {"can_write_eof", can_write_eof, METH_NOARGS, PyDoc_STR("True.")},
    {"close", close, METH_NOARGS, PyDoc_STR("Ends the connection once all is sent.")},
    {"abort", drop, METH_NOARGS, PyDoc_STR("Ends the connection; what is queued is dropped.")},
    {"is_closing", is_closing, METH_NOARGS, PyDoc_STR("close() or abort() was called.")},
    {"is_reading", is_reading, METH_NOARGS, PyDoc_STR("Neither paused nor closing.")},
    {"pause_reading", pause_reading, METH_NOARGS, PyDoc_STR("No data_received() from now on.")},
    {"resume_reading", resume_reading, METH_NOARGS, PyDoc_STR("Ends pause_reading().")},
    {"set_protocol", as_method<set_protocol>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Who is called from now on.")},
    {"get_protocol", get_protocol, METH_NOARGS, PyDoc_STR("Who is called.")},
    {"get_extra_info", as_method<get_extra_info>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("socket, sockname, peername, or what the transport was made with.")},
    {"get_write_buffer_size", get_write_buffer_size, METH_NOARGS,
     PyDoc_STR("Octets that wait to be sent.")},
    {"get_write_buffer_limits", get_write_buffer_limits, METH_NOARGS,
     PyDoc_STR("(low, high), in octets.")},
    {"set_write_buffer_limits", as_method<set_write_buffer_limits>(), METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("Above `high` octets pause_writing() is called, at `low` resume_writing().")},
    {"_make_empty_waiter", make_empty_waiter, METH_NOARGS, nullptr},
    {"_reset_empty_waiter", reset_empty_waiter, METH_NOARGS, nullptr},
    {"_force_close", force_close, METH_O, nullptr},
    {"_fatal_error", as_method<fatal_error>(), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"_begin", run_for<RunReason::begin>, METH_NOARGS, nullptr},
    {"_read_ready", run_for<RunReason::readable>, METH_NOARGS, nullptr},
    {"_write_ready", run_for<RunReason::writable>, METH_NOARGS, nullptr},
    {"_call_connection_lost", run_for<RunReason::lost>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {
    {"_loop", get_loop, nullptr, nullptr, nullptr},
    {"_sock", get_member<&StreamTransport::socket>, nullptr, nullptr, nullptr},
    {"_sock_fd", get_descriptor, nullptr, nullptr, nullptr},
    {"_protocol", get_member<&StreamTransport::protocol>, nullptr, nullptr, nullptr},
    {"_server", get_member<&StreamTransport::server>, nullptr, nullptr, nullptr},
    {"_empty_waiter", get_member<&StreamTransport::empty_waiter>, nullptr, nullptr, nullptr},
    {"_buffer", get_queue, nullptr, nullptr, nullptr},
    {"_conn_lost", get_lost_count, nullptr, nullptr, nullptr},
    {"_protocol_connected", get_flag<&StreamTransport::is_connected>, nullptr, nullptr, nullptr},
    {"_closing", get_flag<&StreamTransport::is_closing>, nullptr, nullptr, nullptr},
    {"_paused", get_flag<&StreamTransport::is_paused>, nullptr, nullptr, nullptr},
    {"_eof", get_flag<&StreamTransport::has_ended>, nullptr, nullptr, nullptr},
    {"_high_water", get_limit<&StreamTransport::high_water>, nullptr, nullptr, nullptr},
    {"_low_water", get_limit<&StreamTransport::low_water>, nullptr, nullptr, nullptr},
    {"_protocol_paused", get_flag<&StreamTransport::protocol_is_paused>, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET,
     static_cast<Py_ssize_t>(offsetof(StreamTransport, weak_references)), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, static_cast<Py_ssize_t>(offsetof(StreamTransport, dictionary)),
     READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("The transport of a connected stream socket.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_finalize, reinterpret_cast<void*>(finalize)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_repr, reinterpret_cast<void*>(represent)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.StreamTransport",
    .basicsize = sizeof(StreamTransport),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

}  // namespace

PyTypeObject* make_stream_transport_type(AsyncioParts& parts) {
  auto* const base = reinterpret_cast<PyTypeObject*>(parts.transport_class.get());
  // The slots of asyncio's classes come first.
  if (static_cast<std::size_t>(base->tp_basicsize) != offsetof(Receiver, run)) {
    PyErr_SetString(PyExc_ImportError, "the transports of this Python's asyncio are laid out anew");
    return nullptr;
  }
  OwnedRef type(PyType_FromSpecWithBases(&spec, parts.transport_class.get()));
  if (!type) return nullptr;
  const OwnedRef most(PyLong_FromSize_t(EventLoop::scratch_bytes));
  const bool whole =
      most && PyObject_SetAttrString(type.get(), "_start_tls_compatible", Py_True) == 0 &&
      PyObject_SetAttrString(type.get(), "_sendfile_compatible", parts.native_sendfile.get()) ==
          0 &&
      PyObject_SetAttrString(type.get(), "max_size", most.get()) == 0;
  return whole ? reinterpret_cast<PyTypeObject*>(type.release()) : nullptr;
}

}  // namespace pelton::py

#include "pymod/bridge/item_pump.hpp"

#include <cstdint>
#include <limits>
#include <new>
#include <utility>

#include "pymod/bridge/coroutine_methods.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

namespace {

// A producer that never waits yields to the loop after this long, so that its octets are sent.
constexpr double turn_s = 0.001;

class ItemPump {
 public:
  ItemPump(PyObject* iterator, PyObject* encode, PyObject* write, PyObject* sink, PyObject* time,
           PyObject* first)
      : iterator_(OwnedRef::share(iterator)),
        encode_(OwnedRef::share(encode)),
        write_(OwnedRef::share(write)),
        sink_(OwnedRef::share(sink)),
        time_(OwnedRef::share(time)),
        gone_(PyUnicode_InternFromString("gone")),
        data_(OwnedRef::share(first)) {}

  PySendResult send(PyObject* value, PyObject** result);
  PySendResult throw_in(PyObject* exception, PyObject** result);
  PyObject* close();
  // False if a step runs already.
  bool begin_step() { return !std::exchange(running_, true); }
  void end_step() { running_ = false; }
  // An exception has ended the pump.
  void fail() { state_ = State::ended; }

  // When the sink last took an item; positive infinity while the sink is full, which is not
  // silence.
  double spoke_s() const {
    return state_ == State::room ? std::numeric_limits<double>::infinity() : spoke_s_;
  }

  int traverse(visitproc visit, void* arg) const {
    for (const OwnedRef* ref : {&iterator_, &encode_, &write_, &sink_, &time_, &data_, &awaits_}) {
      Py_VISIT(ref->get());
    }
    return 0;
  }
  void clear() {
    for (OwnedRef* ref : {&iterator_, &encode_, &write_, &sink_, &time_, &data_, &awaits_}) {
      *ref = OwnedRef();
    }
  }

 private:
  enum class State : std::uint8_t { data, item, room, turn, ended };

  PySendResult go_on(PyObject** result);
  // Handles what an awaited step gave. False if the pump suspends or ends; `ending` says which.
  bool settle(PySendResult kind, OwnedRef value, PySendResult& ending, PyObject** result);
  bool read_time();
  bool take();
  bool write();
  bool encode(PyObject* item);
  PySendResult end(bool whole, PyObject** result);

  OwnedRef iterator_;
  OwnedRef encode_;
  OwnedRef write_;
  OwnedRef sink_;
  OwnedRef time_;    // the loop's time()
  OwnedRef gone_;    // an attribute's name
  OwnedRef data_;    // encoded, and not written yet
  OwnedRef awaits_;  // in State::item and State::room
  double turn_began_s_ =
      -std::numeric_limits<double>::infinity();  // the pump yields after the first item
  double now_s_ = 0;
  double spoke_s_ = 0;
  bool is_new_turn_ = false;
  bool has_written_ = false;
  bool running_ = false;
  State state_ = State::data;
};

PySendResult ItemPump::send(PyObject* value, PyObject** result) {
  if (state_ == State::turn) state_ = State::item;
  is_new_turn_ = state_ != State::data;
  if (state_ == State::ended) {
    PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited ItemPump");
    return PYGEN_ERROR;
  }
  if (!awaits_) return go_on(result);
  const OwnedRef held = OwnedRef::share(awaits_.get());
  PyObject* given = nullptr;
  const PySendResult kind = PyIter_Send(held.get(), value, &given);
  PySendResult ending = PYGEN_ERROR;
  return settle(kind, OwnedRef(given), ending, result) ? go_on(result) : ending;
}

bool ItemPump::settle(PySendResult kind, OwnedRef value, PySendResult& ending, PyObject** result) {
  ending = kind;
  if (kind == PYGEN_NEXT) {
    *result = value.release();
    return false;
  }
  awaits_ = OwnedRef();
  const bool was_item = state_ == State::item;
  state_ = State::item;
  if (kind == PYGEN_RETURN) {
    if (!was_item) return true;
    if (encode(value.get())) return true;
    ending = PYGEN_ERROR;
    return false;
  }
  if (was_item && PyErr_ExceptionMatches(PyExc_StopAsyncIteration)) {
    PyErr_Clear();
    ending = end(true, result);
  }
  return false;
}

bool ItemPump::encode(PyObject* item) {
  data_ = OwnedRef(PyObject_CallOneArg(encode_.get(), item));
  if (data_ && !PyBytes_Check(data_.get())) {
    PyErr_Format(PyExc_TypeError, "an encoded item is bytes, not %.100s",
                 Py_TYPE(data_.get())->tp_name);
    data_ = OwnedRef();
  }
  state_ = State::data;
  return static_cast<bool>(data_);
}

// Writes the item, and begins to wait if the sink is full. False with an error set.
bool ItemPump::write() {
  const OwnedRef data = std::move(data_);
  state_ = State::item;
  if (PyBytes_GET_SIZE(data.get()) == 0) return true;
  has_written_ = true;
  const OwnedRef taken(PyObject_CallOneArg(write_.get(), data.get()));
  if (!taken) return false;
  if (taken.get() != Py_False) return true;
  const OwnedRef room(PyObject_CallMethod(sink_.get(), "writable", nullptr));
  if (!room) return false;
  awaits_ = awaited(room.get());
  state_ = State::room;
  return static_cast<bool>(awaits_);
}

// Puts the next item into data_, or the object to await for it into awaits_; neither at the end.
// False with an error set.
bool ItemPump::take() {
  const PyAsyncMethods* const methods = Py_TYPE(iterator_.get())->tp_as_async;
  if (methods != nullptr && methods->am_anext != nullptr) {
    const OwnedRef coming(methods->am_anext(iterator_.get()));
    if (!coming) return false;
    awaits_ = awaited(coming.get());
    return static_cast<bool>(awaits_);
  }
  const OwnedRef item(PyIter_Next(iterator_.get()));
  return item ? encode(item.get()) : PyErr_Occurred() == nullptr;
}

PySendResult ItemPump::end(bool whole, PyObject** result) {
  state_ = State::ended;
  *result = PyBool_FromLong(whole);
  return PYGEN_RETURN;
}

bool ItemPump::read_time() {
  const OwnedRef now(PyObject_CallNoArgs(time_.get()));
  if (!now) return false;
  now_s_ = PyFloat_AsDouble(now.get());
  if (now_s_ == -1 && PyErr_Occurred() != nullptr) return false;
  if (std::exchange(is_new_turn_, false)) turn_began_s_ = now_s_;
  if (std::exchange(has_written_, false)) spoke_s_ = now_s_;
  return true;
}

PySendResult ItemPump::go_on(PyObject** result) {
  while (true) {
    if (state_ == State::data) {
      if (!write()) return PYGEN_ERROR;
    } else if (state_ == State::item && !awaits_) {
      const OwnedRef gone(PyObject_GetAttr(sink_.get(), gone_.get()));
      if (!gone) return PYGEN_ERROR;
      if (gone.get() == Py_True) return end(false, result);
      if (!read_time()) return PYGEN_ERROR;
      if (now_s_ - turn_began_s_ >= turn_s) {
        // As asyncio.sleep(0) does.
        state_ = State::turn;
        *result = Py_NewRef(Py_None);
        return PYGEN_NEXT;
      }
      if (!take()) return PYGEN_ERROR;
      if (state_ == State::item && !awaits_) return end(true, result);
    }
    if (!awaits_) continue;
    const OwnedRef held = OwnedRef::share(awaits_.get());
    PyObject* given = nullptr;
    const PySendResult kind = PyIter_Send(held.get(), Py_None, &given);
    PySendResult ending = PYGEN_ERROR;
    if (!settle(kind, OwnedRef(given), ending, result)) return ending;
  }
}

PySendResult ItemPump::throw_in(PyObject* exception, PyObject** result) {
  if (!awaits_) {
    state_ = State::ended;
    raise(exception);
    return PYGEN_ERROR;
  }
  const OwnedRef held = OwnedRef::share(awaits_.get());
  OwnedRef given(PyObject_CallMethod(held.get(), "throw", "(O)", exception));
  PySendResult kind = PYGEN_NEXT;
  if (!given) {
    const bool ended = PyErr_ExceptionMatches(PyExc_StopIteration) != 0;
    if (ended) given = OwnedRef(take_stop_value());
    kind = given ? PYGEN_RETURN : PYGEN_ERROR;
  }
  PySendResult ending = PYGEN_ERROR;
  return settle(kind, std::move(given), ending, result) ? go_on(result) : ending;
}

PyObject* ItemPump::close() {
  const OwnedRef awaits = std::move(awaits_);
  state_ = State::ended;
  if (!awaits || PyObject_HasAttrString(awaits.get(), "close") == 0) Py_RETURN_NONE;
  return PyObject_CallMethod(awaits.get(), "close", nullptr);
}

// --- the type ---

struct ItemPumpObject {
  PyObject_HEAD ItemPump pump;
};

ItemPump& of(PyObject* self) {
  return reinterpret_cast<ItemPumpObject*>(self)->pump;
}

PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject*) {
  PyObject* parts[6] = {};
  if (!PyArg_UnpackTuple(arguments, "ItemPump", 6, 6, &parts[0], &parts[1], &parts[2], &parts[3],
                         &parts[4], &parts[5])) {
    return nullptr;
  }
  if (!PyBytes_Check(parts[5])) {
    PyErr_SetString(PyExc_TypeError, "the first item of a pump is encoded: bytes");
    return nullptr;
  }
  PyObject* const self = type->tp_alloc(type, 0);
  if (self != nullptr) {
    new (&of(self)) ItemPump(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]);
  }
  return self;
}

// False with an error set if a step runs: the iterator or an awaited object steps the pump itself.
bool begin_step(PyObject* self) {
  if (!of(self).begin_step()) {
    PyErr_SetString(PyExc_ValueError, "coroutine already executing");
    return false;
  }
  return true;
}

PySendResult send_slot(PyObject* self, PyObject* value, PyObject** result) {
  const OwnedRef held = OwnedRef::share(self);
  *result = nullptr;
  if (!begin_step(self)) return PYGEN_ERROR;
  const PySendResult kind = of(self).send(value, result);
  of(self).end_step();
  if (kind == PYGEN_ERROR) of(self).fail();
  return kind;
}

PyObject* send(PyObject* self, PyObject* value) {
  PyObject* result = nullptr;
  const PySendResult kind = send_slot(self, value, &result);
  return method_result(kind, result);
}

PyObject* next(PyObject* self) {
  return send(self, Py_None);
}

PyObject* throw_in(PyObject* self, PyObject* arguments) {
  const OwnedRef exception = thrown(arguments);
  if (!exception) return nullptr;
  const OwnedRef held = OwnedRef::share(self);
  if (!begin_step(self)) return nullptr;
  PyObject* result = nullptr;
  const PySendResult kind = of(self).throw_in(exception.get(), &result);
  of(self).end_step();
  if (kind == PYGEN_ERROR) of(self).fail();
  return method_result(kind, result);
}

PyObject* close(PyObject* self, PyObject*) {
  const OwnedRef held = OwnedRef::share(self);
  if (!begin_step(self)) return nullptr;
  PyObject* const closed = of(self).close();
  of(self).end_step();
  return closed;
}

PyObject* get_spoke_s(PyObject* self, void*) {
  return PyFloat_FromDouble(of(self).spoke_s());
}

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyTypeObject* const type = Py_TYPE(self);
  of(self).~ItemPump();
  type->tp_free(self);
  Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  return of(self).traverse(visit, arg);
}

int clear(PyObject* self) {
  of(self).clear();
  return 0;
}

PyMethodDef methods[] = {{"send", send, METH_O, nullptr},
                         {"throw", throw_in, METH_VARARGS, nullptr},
                         {"close", close, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {
    {"spoke_s", get_spoke_s, nullptr,
     PyDoc_STR("When the sink last took an item; infinity while it is full."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc,
     const_cast<char*>("ItemPump(iterator, encode, write, sink, time, first, /)\n--\n\nCarries a "
                       "stream's items to its sink while it is awaited.")},
    {Py_tp_new, reinterpret_cast<void*>(make)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
    {Py_tp_iternext, reinterpret_cast<void*>(next)},
    {Py_am_await, reinterpret_cast<void*>(PyObject_SelfIter)},
    {Py_am_send, reinterpret_cast<void*>(send_slot)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, nullptr}};

PyType_Spec spec = {.name = "pelton._native.ItemPump",
                    .basicsize = sizeof(ItemPumpObject),
                    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                    .slots = slots};

}  // namespace

PyTypeObject* make_item_pump_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

}  // namespace pelton::py

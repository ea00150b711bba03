#include "pymod/hotpath/multi_dict_object.hpp"

#include <string>

#include "http/message/percent.hpp"
#include "http/message/query.hpp"
#include "pymod/hotpath/multi_items.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

struct MultiDictObject {
  PyObject_VAR_HEAD PyObject* texts[1];  // key, value, key, value ...; ob_size counts pairs
};

MultiDictObject* of(PyObject* self) {
  return reinterpret_cast<MultiDictObject*>(self);
}

PyObject* key_at(PyObject* self, Py_ssize_t index) {
  return of(self)->texts[2 * index];
}
PyObject* value_at(PyObject* self, Py_ssize_t index) {
  return of(self)->texts[2 * index + 1];
}

bool same_text(PyObject* left, PyObject* right) {
  return left == right || PyUnicode_Compare(left, right) == 0;
}

// Borrowed; null without an error if the key is absent.
PyObject* find(PyObject* self, PyObject* key) {
  if (!PyUnicode_Check(key)) return nullptr;
  for (Py_ssize_t index = Py_SIZE(self) - 1; index >= 0; --index) {
    if (same_text(key_at(self, index), key)) return value_at(self, index);
  }
  return nullptr;
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  for (Py_ssize_t index = 0; index < 2 * Py_SIZE(self); ++index) Py_XDECREF(of(self)->texts[index]);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyObject* multi_items(PyObject* self) {
  OwnedRef list(PyList_New(Py_SIZE(self)));
  if (!list) return nullptr;
  for (Py_ssize_t index = 0; index < Py_SIZE(self); ++index) {
    PyObject* pair = PyTuple_Pack(2, key_at(self, index), value_at(self, index));
    if (pair == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), index, pair);
  }
  return list.release();
}

PyObject* chosen(PyObject* self) {
  return winners(self, multi_items, Wins::last, false);
}

PyObject* multi_items_method(PyObject* self, PyObject*) {
  return multi_items(self);
}

PyObject* keys(PyObject* self, PyObject*) {
  const OwnedRef dict(chosen(self));
  return dict ? call_method(dict.get(), "keys") : nullptr;
}
PyObject* values(PyObject* self, PyObject*) {
  const OwnedRef dict(chosen(self));
  return dict ? call_method(dict.get(), "values") : nullptr;
}
PyObject* items(PyObject* self, PyObject*) {
  const OwnedRef dict(chosen(self));
  return dict ? call_method(dict.get(), "items") : nullptr;
}

PyObject* iterate(PyObject* self) {
  const OwnedRef names(keys(self, nullptr));
  return names ? PyObject_GetIter(names.get()) : nullptr;
}

Py_ssize_t length(PyObject* self) {
  if (Py_SIZE(self) < 2) return Py_SIZE(self);
  const OwnedRef dict(chosen(self));
  return dict ? PyDict_Size(dict.get()) : -1;
}

PyObject* subscript(PyObject* self, PyObject* key) {
  PyObject* value = find(self, key);
  if (value == nullptr) {
    PyErr_SetObject(PyExc_KeyError, key);
    return nullptr;
  }
  return Py_NewRef(value);
}

int contains(PyObject* self, PyObject* key) {
  return find(self, key) != nullptr;
}

PyObject* get(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  GetArguments asked;
  if (!asked.read(arguments, count, names)) return nullptr;
  PyObject* const value = find(self, asked.key);
  return Py_NewRef(value == nullptr ? asked.otherwise : value);
}

PyObject* getlist(PyObject* self, PyObject* key) {
  OwnedRef list(PyList_New(0));
  if (!list) return nullptr;
  if (!PyUnicode_Check(key)) return list.release();
  for (Py_ssize_t index = 0; index < Py_SIZE(self); ++index) {
    if (same_text(key_at(self, index), key) &&
        PyList_Append(list.get(), value_at(self, index)) != 0) {
      return nullptr;
    }
  }
  return list.release();
}

PyObject* compare(PyObject* self, PyObject* other, int operation) {
  return compare_multi(self, other, operation, multi_items, Wins::last, false);
}

PyObject* represent(PyObject* self) {
  const OwnedRef pairs(multi_items(self));
  return pairs ? PyUnicode_FromFormat("MultiDict(%R)", pairs.get()) : nullptr;
}

PyMethodDef methods[] = {
    {"get", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(get)),
     METH_FASTCALL | METH_KEYWORDS, PyDoc_STR("The last value of a key, or the default.")},
    {"getlist", getlist, METH_O, PyDoc_STR("Every value of a key, in order.")},
    {"get_all", getlist, METH_O, PyDoc_STR("Every value of a key, in order.")},
    {"keys", keys, METH_NOARGS, PyDoc_STR("The distinct keys in the order they came.")},
    {"values", values, METH_NOARGS, PyDoc_STR("The last value of each key.")},
    {"items", items, METH_NOARGS, PyDoc_STR("Each key with its last value.")},
    {"multi_items", multi_items_method, METH_NOARGS, PyDoc_STR("All pairs as they came.")},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("Names and values of a query, where names repeat. `d[name]` and "
                                  "`get()` give the last value.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_repr, reinterpret_cast<void*>(represent)},
    {Py_tp_iter, reinterpret_cast<void*>(iterate)},
    {Py_tp_richcompare, reinterpret_cast<void*>(compare)},
    {Py_tp_hash, reinterpret_cast<void*>(PyObject_HashNotImplemented)},
    {Py_tp_methods, methods},
    {Py_mp_length, reinterpret_cast<void*>(length)},
    {Py_mp_subscript, reinterpret_cast<void*>(subscript)},
    {Py_sq_contains, reinterpret_cast<void*>(contains)},
    {0, nullptr}};

PyType_Spec spec = {.name = "pelton._native.MultiDict",
                    .basicsize = offsetof(MultiDictObject, texts),
                    .itemsize = 2 * sizeof(PyObject*),
                    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                    .slots = slots};

// A piece of a query as text; `scratch` holds it with its escapes resolved.
PyObject* piece_text(std::string_view raw, std::string& scratch) {
  return utf8_text(http::form_octets(raw, scratch));
}

}  // namespace

PyTypeObject* make_multi_dict_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

PyObject* make_multi_dict(PyTypeObject* type, std::string_view query, std::size_t fields_max,
                          bool& too_many) {
  http::QueryField field;
  std::size_t count = 0;
  for (http::QueryFields fields(query); fields.next(field);) ++count;
  too_many = count > fields_max;
  if (too_many) return nullptr;
  auto* made = PyObject_NewVar(MultiDictObject, type, static_cast<Py_ssize_t>(count));
  if (made == nullptr) return nullptr;
  for (std::size_t index = 0; index < 2 * count; ++index) made->texts[index] = nullptr;
  OwnedRef owned(reinterpret_cast<PyObject*>(made));
  std::string scratch;
  PyObject** text = made->texts;
  for (http::QueryFields fields(query); fields.next(field); text += 2) {
    text[0] = piece_text(field.key, scratch);
    text[1] = piece_text(field.value, scratch);
    if (text[0] == nullptr || text[1] == nullptr) return nullptr;
  }
  return owned.release();
}

}  // namespace pelton::py

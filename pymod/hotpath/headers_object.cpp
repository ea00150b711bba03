#include "pymod/hotpath/headers_object.hpp"

#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "http/message/field_rules.hpp"
#include "pymod/hotpath/multi_items.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

using http::Span;

struct NameAndValue {
  Span name;
  Span value;
};

// The fields, then the octets they point into; ob_size counts fields.
struct HeadersObject {
  PyObject_VAR_HEAD char* octets;
  NameAndValue fields[1];
};

HeadersObject* of(PyObject* self) {
  return reinterpret_cast<HeadersObject*>(self);
}

std::string_view name_at(PyObject* self, Py_ssize_t index) {
  return of(self)->fields[index].name.in(of(self)->octets);
}
std::string_view value_at(PyObject* self, Py_ssize_t index) {
  return of(self)->fields[index].value.in(of(self)->octets);
}

HeadersObject* allocate(PyTypeObject* type, std::size_t count, std::string_view octets) {
  const std::size_t fields_end = offsetof(HeadersObject, fields) + count * sizeof(NameAndValue);
  void* memory = PyObject_Malloc(fields_end + octets.size() + sizeof(NameAndValue));
  if (memory == nullptr) {
    PyErr_NoMemory();
    return nullptr;
  }
  PyObject_InitVar(static_cast<PyVarObject*>(memory), type, static_cast<Py_ssize_t>(count));
  auto* made = static_cast<HeadersObject*>(memory);
  made->octets = static_cast<char*>(memory) + fields_end;
  std::memcpy(made->octets, octets.data(), octets.size());
  return made;
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

// -1 if no field has this name.
Py_ssize_t find(PyObject* self, PyObject* key) {
  std::string_view wanted;
  if (!latin1_view(key, wanted)) return -1;
  for (Py_ssize_t index = 0; index < Py_SIZE(self); ++index) {
    if (http::is_same_name(name_at(self, index), wanted)) return index;
  }
  return -1;
}

PyObject* multi_items(PyObject* self) {
  OwnedRef list(PyList_New(Py_SIZE(self)));
  if (!list) return nullptr;
  for (Py_ssize_t index = 0; index < Py_SIZE(self); ++index) {
    const OwnedRef name(latin1_text(name_at(self, index)));
    const OwnedRef value(latin1_text(value_at(self, index)));
    PyObject* pair = name && value ? PyTuple_Pack(2, name.get(), value.get()) : nullptr;
    if (pair == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), index, pair);
  }
  return list.release();
}

PyObject* chosen(PyObject* self) {
  return winners(self, multi_items, Wins::first, true);
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
  const Py_ssize_t index = find(self, key);
  if (index < 0) {
    PyErr_SetObject(PyExc_KeyError, key);
    return nullptr;
  }
  return latin1_text(value_at(self, index));
}

int contains(PyObject* self, PyObject* key) {
  return find(self, key) >= 0;
}

PyObject* get(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  GetArguments asked;
  if (!asked.read(arguments, count, names)) return nullptr;
  const Py_ssize_t index = find(self, asked.key);
  return index < 0 ? Py_NewRef(asked.otherwise) : latin1_text(value_at(self, index));
}

PyObject* getlist(PyObject* self, PyObject* key) {
  OwnedRef list(PyList_New(0));
  std::string_view wanted;
  if (!list) return nullptr;
  if (!latin1_view(key, wanted)) return list.release();
  for (Py_ssize_t index = 0; index < Py_SIZE(self); ++index) {
    if (!http::is_same_name(name_at(self, index), wanted)) continue;
    const OwnedRef value(latin1_text(value_at(self, index)));
    if (!value || PyList_Append(list.get(), value.get()) != 0) return nullptr;
  }
  return list.release();
}

PyObject* compare(PyObject* self, PyObject* other, int operation) {
  return compare_multi(self, other, operation, multi_items, Wins::first, true);
}

PyObject* represent(PyObject* self) {
  const OwnedRef pairs(multi_items(self));
  return pairs ? PyUnicode_FromFormat("Headers(%R)", pairs.get()) : nullptr;
}

// Appends the octets of a latin-1 str; false with an error set.
bool append_text(PyObject* text, std::string& octets, Span& span) {
  std::string_view view;
  if (!latin1_view(text, view)) {
    PyErr_Format(PyExc_TypeError, "Headers() takes pairs of latin-1 str, not %R", text);
    return false;
  }
  if (octets.size() + view.size() > std::numeric_limits<std::uint32_t>::max()) {
    PyErr_SetString(PyExc_ValueError, "Headers() takes at most 4 GiB");
    return false;
  }
  span = {static_cast<std::uint32_t>(octets.size()), static_cast<std::uint32_t>(view.size())};
  octets.append(view);
  return true;
}

PyObject* construct(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  PyObject* given = nullptr;
  static char* no_names[] = {const_cast<char*>(""), nullptr};
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:Headers", no_names, &given)) {
    return nullptr;
  }
  std::vector<NameAndValue> fields;
  std::string octets;
  if (given != nullptr) {
    const OwnedRef all(all_pairs(given));
    const OwnedRef pairs(all ? PySequence_Fast(all.get(), "Headers() takes a mapping or pairs")
                             : nullptr);
    if (!pairs) return nullptr;
    for (Py_ssize_t index = 0; index < PySequence_Fast_GET_SIZE(pairs.get()); ++index) {
      const OwnedRef pair(PySequence_Tuple(PySequence_Fast_GET_ITEM(pairs.get(), index)));
      if (!pair) return nullptr;
      if (PyTuple_GET_SIZE(pair.get()) != 2) {
        PyErr_SetString(PyExc_TypeError, "Headers() takes a mapping or pairs");
        return nullptr;
      }
      NameAndValue field;
      if (!append_text(PyTuple_GET_ITEM(pair.get(), 0), octets, field.name) ||
          !append_text(PyTuple_GET_ITEM(pair.get(), 1), octets, field.value)) {
        return nullptr;
      }
      fields.push_back(field);
    }
  }
  HeadersObject* made = allocate(type, fields.size(), octets);
  if (made == nullptr) return nullptr;
  for (std::size_t index = 0; index < fields.size(); ++index) made->fields[index] = fields[index];
  return reinterpret_cast<PyObject*>(made);
}

// An empty value has no position: the field then ends with its name.
std::uint32_t end_of(const http::Field& field) {
  const Span last = field.value.bytes == 0 ? field.name : field.value;
  return last.begin + last.bytes;
}

Span moved(Span span, std::uint32_t begin) {
  return span.bytes == 0 ? Span{} : Span{span.begin - begin, span.bytes};
}

PyMethodDef methods[] = {
    {"get", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(get)),
     METH_FASTCALL | METH_KEYWORDS, PyDoc_STR("The first value of a name, or the default.")},
    {"getlist", getlist, METH_O, PyDoc_STR("Every value of a name, in wire order.")},
    {"get_all", getlist, METH_O, PyDoc_STR("Every value of a name, in wire order.")},
    {"keys", keys, METH_NOARGS, PyDoc_STR("The distinct names in lower case.")},
    {"values", values, METH_NOARGS, PyDoc_STR("The first value of each name.")},
    {"items", items, METH_NOARGS, PyDoc_STR("Each name in lower case with its first value.")},
    {"multi_items", multi_items_method, METH_NOARGS, PyDoc_STR("All pairs as they were sent.")},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc,
     const_cast<char*>("Headers(fields=(), /)\n--\n\nHeader fields, in any case of letters. "
                       "`h[name]` and `get()` give the first value.")},
    {Py_tp_new, reinterpret_cast<void*>(construct)},
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

PyType_Spec spec = {.name = "pelton._native.Headers",
                    .basicsize = offsetof(HeadersObject, fields),
                    .itemsize = sizeof(NameAndValue),
                    .flags = Py_TPFLAGS_DEFAULT,
                    .slots = slots};

}  // namespace

PyTypeObject* make_headers_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

PyObject* make_headers(PyTypeObject* type, const http::RequestHead& head) {
  // Only the field section is copied: from the first name to the end of the last value.
  const std::size_t count = head.fields.size();
  const std::uint32_t begin = count == 0 ? 0 : head.fields.front().name.begin;
  const std::uint32_t end = count == 0 ? 0 : end_of(head.fields.back());
  HeadersObject* made = allocate(type, count, {head.base + begin, end - begin});
  if (made == nullptr) return nullptr;
  for (std::size_t index = 0; index < count; ++index) {
    const http::Field& field = head.fields[index];
    made->fields[index] = {.name = moved(field.name, begin), .value = moved(field.value, begin)};
  }
  return reinterpret_cast<PyObject*>(made);
}

}  // namespace pelton::py

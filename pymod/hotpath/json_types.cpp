#include "pymod/hotpath/json_types.hpp"

#include <string_view>

#include "pymod/hotpath/json_forms.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {
namespace {

// module.name where the module is loaded, else null; errors other than absence cannot be told
// apart here and count as absence.
OwnedRef loaded(const char* module_name, const char* name) {
  BorrowedRef module = PyDict_GetItemString(PyImport_GetModuleDict(), module_name);
  OwnedRef found(module ? PyObject_GetAttrString(module.get(), name) : nullptr);
  PyErr_Clear();
  return found;
}

bool is_subtype(PyTypeObject* type, const OwnedRef& base) {
  return base && PyType_Check(base.get()) &&
         PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(base.get()));
}

// An attribute of the class or what it inherits, never of the metaclass.
OwnedRef class_attribute(PyTypeObject* type, const char* name) {
  const OwnedRef key(PyUnicode_InternFromString(name));
  OwnedRef found = OwnedRef::share(key ? _PyType_Lookup(type, key.get()) : nullptr);
  PyErr_Clear();
  return found;
}

// Whether the type is `module_name`.`name` or inherits from it, by the names in the classes: the
// module may hold something else under that name for a while, and the decision is kept.
bool descends_from(PyTypeObject* type, const char* module_name, std::string_view name) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type->tp_mro); ++i) {
    auto* const base = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(type->tp_mro, i));
    // tp_name of a class written in C begins with its module.
    const std::string_view full_name = base->tp_name;
    if (full_name.substr(full_name.rfind('.') + 1) != name) continue;
    const OwnedRef home = class_attribute(base, "__module__");
    if (home && PyUnicode_Check(home.get()) &&
        PyUnicode_CompareWithASCIIString(home.get(), module_name) == 0) {
      return true;
    }
  }
  return false;
}

// The names of a dataclass's fields, without ClassVar and InitVar, which are in the same
// dictionary.
OwnedRef dataclass_names(PyObject* fields, BorrowedRef field_kind) {
  const OwnedRef names(PyList_New(0));
  if (!names) return {};
  PyObject* name;
  PyObject* field;
  Py_ssize_t position = 0;
  while (PyDict_Next(fields, &position, &name, &field)) {
    const OwnedRef kept_name = OwnedRef::share(name);
    const OwnedRef kind(PyObject_GetAttrString(field, "_field_type"));
    if (!kind) return {};
    if (kind.get() == field_kind.get() && PyList_Append(names.get(), name) != 0) return {};
  }
  return OwnedRef(PyList_AsTuple(names.get()));
}

OwnedRef attrs_names(PyObject* attributes) {
  const Py_ssize_t count = PyTuple_GET_SIZE(attributes);
  OwnedRef names(PyTuple_New(count));
  if (!names) return {};
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* name = PyObject_GetAttrString(PyTuple_GET_ITEM(attributes, i), "name");
    if (name == nullptr) return {};
    PyTuple_SET_ITEM(names.get(), i, name);
  }
  return names;
}

}  // namespace

const JsonTypes::Entry* JsonTypes::classify(PyTypeObject* type) {
  Entry& entry = entries_[(reinterpret_cast<std::uintptr_t>(type) >> 4) * 0x9e3779b97f4a7c15 >> 56];
  const unsigned version = type_version(type);
  if (entry.type == type && entry.version == version && version != 0) return &entry;
  Entry decided;
  decided.type = type;
  if (!decide(type, decided)) return nullptr;
  // Looking an attribute up is what gives a type its version.
  class_attribute(type, "__doc__");
  decided.version = type_version(type);
  entry = std::move(decided);
  return &entry;
}

bool JsonTypes::decide(PyTypeObject* type, Entry& entry) {
  if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type ||
      type == &PyBool_Type || type == &PyDict_Type || type == &PyList_Type ||
      type == &PyTuple_Type || type == Py_TYPE(Py_None)) {
    entry.form = JsonForm::exact;
  } else if (is_subtype(Py_TYPE(type), loaded("enum", "EnumMeta"))) {
    entry.form = JsonForm::enumeration;
  } else if (PyType_FastSubclass(type, Py_TPFLAGS_UNICODE_SUBCLASS)) {
    entry.form = JsonForm::string;
  } else if (PyType_FastSubclass(type, Py_TPFLAGS_LONG_SUBCLASS)) {
    entry.form = JsonForm::integer;
  } else if (PyType_FastSubclass(type, Py_TPFLAGS_DICT_SUBCLASS)) {
    entry.form = JsonForm::mapping;
  } else if (PyType_FastSubclass(type, Py_TPFLAGS_LIST_SUBCLASS)) {
    entry.form = JsonForm::list;
  } else if (PyType_FastSubclass(type, Py_TPFLAGS_TUPLE_SUBCLASS)) {
    entry.form = JsonForm::tuple;
  } else if (PyType_IsSubtype(type, &PyFloat_Type)) {
    entry.form = JsonForm::real;
  } else if (PyType_IsSubtype(type, &PySet_Type) || PyType_IsSubtype(type, &PyFrozenSet_Type)) {
    entry.form = JsonForm::set;
  } else if (is_temporal(type)) {
    entry.form = JsonForm::temporal;
  } else if (descends_from(type, "uuid", "UUID")) {
    entry.form = JsonForm::uuid;
  } else if (descends_from(type, "decimal", "Decimal")) {
    entry.form = JsonForm::decimal;
  } else {
    return decide_model(type, entry);
  }
  return true;
}

bool JsonTypes::decide_model(PyTypeObject* type, Entry& entry) {
  if (OwnedRef serializer = class_attribute(type, "__pydantic_serializer__")) {
    entry.form = JsonForm::pydantic;
    entry.engine = std::move(serializer);
    return true;
  }
  if (class_attribute(type, "__struct_fields__")) {
    if (OwnedRef encode = loaded("msgspec.json", "encode")) {
      entry.form = JsonForm::msgspec;
      entry.engine = std::move(encode);
      return true;
    }
  }
  const OwnedRef field_kind = loaded("dataclasses", "_FIELD");
  if (const OwnedRef fields = class_attribute(type, "__dataclass_fields__");
      field_kind && fields && PyDict_Check(fields.get())) {
    entry.names = dataclass_names(fields.get(), field_kind);
  } else if (const OwnedRef attributes = class_attribute(type, "__attrs_attrs__");
             attributes && PyTuple_Check(attributes.get())) {
    entry.names = attrs_names(attributes.get());
  } else {
    return true;
  }
  entry.form = JsonForm::fields;
  return static_cast<bool>(entry.names);
}

}  // namespace pelton::py

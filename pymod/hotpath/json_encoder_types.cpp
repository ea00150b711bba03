// The slower half of JsonEncoder: values and keys that are not of JSON's own exact types.
#include <cstring>
#include <utility>

#include "http/json/number_write.hpp"
#include "pymod/hotpath/json_encoder.hpp"
#include "pymod/hotpath/json_forms.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {
namespace {

// A bound on conversions of one value: an Enum's value may be an Enum, json_default may return its
// own argument.
constexpr int conversions_max = 64;

}  // namespace

char* JsonEncoder::write_by_type(char* out, PyObject* given) {
  OwnedRef value = OwnedRef::share(given);
  for (int conversion = 0; conversion < conversions_max; ++conversion) {
    const JsonTypes::Entry* const entry = writer_.types.classify(Py_TYPE(value.get()));
    if (entry == nullptr) return fail("a type that cannot be looked into");
    switch (entry->form) {
      case JsonForm::exact:
        return write(out, value.get());
      case JsonForm::string:
        return write_text(out, value.get());
      case JsonForm::integer:
        return write_big_integer(out, value.get());
      case JsonForm::real: {
        const OwnedRef plain(PyFloat_FromDouble(PyFloat_AS_DOUBLE(value.get())));
        return plain ? write(out, plain.get()) : nullptr;
      }
      case JsonForm::list:
        return begin(out, value.get(), Kind::list);
      case JsonForm::tuple:
        return begin(out, value.get(), Kind::tuple);
      case JsonForm::mapping: {
        const OwnedRef pairs(PyMapping_Items(value.get()));
        return pairs ? begin(out, pairs.get(), Kind::pairs) : nullptr;
      }
      case JsonForm::set: {
        const OwnedRef items(PySequence_List(value.get()));
        return items ? begin(out, items.get(), Kind::list) : nullptr;
      }
      case JsonForm::temporal:
      case JsonForm::uuid:
        return write_temporal_or_uuid(out, value.get(), entry->form);
      case JsonForm::decimal: {
        const OwnedRef text(PyObject_Str(value.get()));
        return text ? write(out, text.get()) : nullptr;
      }
      case JsonForm::fields:
        return begin(out, value.get(), Kind::fields, entry->names.get());
      case JsonForm::pydantic: {
        // By the aliases, which are the names in the schema, as FastAPI writes it.
        const OwnedRef to_json(PyObject_GetAttrString(entry->engine.get(), "to_json"));
        const OwnedRef names(Py_BuildValue("(s)", "by_alias"));
        PyObject* const arguments[] = {value.get(), Py_True};
        return write_encoded(
            out, OwnedRef(to_json && names
                              ? PyObject_Vectorcall(to_json.get(), arguments, 1, names.get())
                              : nullptr));
      }
      case JsonForm::msgspec: {
        const OwnedRef encode = OwnedRef::share(entry->engine);
        PyObject* const hook = options_.json_default != nullptr ? options_.json_default : Py_None;
        const OwnedRef names(Py_BuildValue("(s)", "enc_hook"));
        PyObject* const arguments[] = {value.get(), hook};
        return write_encoded(
            out, OwnedRef(names ? PyObject_Vectorcall(encode.get(), arguments, 1, names.get())
                                : nullptr));
      }
      case JsonForm::enumeration:
        value = OwnedRef(PyObject_GetAttrString(value.get(), "_value_"));
        break;
      case JsonForm::unknown:
        if (options_.json_default == nullptr) {
          return fail("is not JSON serializable", Py_TYPE(value.get())->tp_name);
        }
        value = OwnedRef(PyObject_CallOneArg(options_.json_default, value.get()));
        break;
    }
    if (!value) return nullptr;
  }
  return fail("json_default never came to a value that JSON has");
}

char* JsonEncoder::write_temporal_or_uuid(char* out, PyObject* value, JsonForm form) {
  out = ensure(out, form_bytes_max + 2 + punctuation_bytes);
  if (out == nullptr) return nullptr;
  *out++ = '"';
  const bool written = form == JsonForm::uuid ? write_uuid(out, value) : write_temporal(out, value);
  if (!written) return fail("cannot be written as text", Py_TYPE(value)->tp_name);
  *out++ = '"';
  return out;
}

char* JsonEncoder::write_encoded(char* out, OwnedRef octets) {
  if (!octets) return fail("refused by its own encoder", "a value");
  if (!PyBytes_Check(octets.get())) return fail("was not encoded to bytes", "a value");
  return write_octets(out, PyBytes_AS_STRING(octets.get()),
                      static_cast<std::size_t>(PyBytes_GET_SIZE(octets.get())));
}

// The key as JSON text and the colon. The caller keeps the key alive.
char* JsonEncoder::write_key(char* out, PyObject* key) {
  out = PyUnicode_CheckExact(key) ? write(out, key) : write_key_by_type(out, key);
  if (out != nullptr) *out++ = ':';
  return out;
}

// Writes numbers and literals between quotes; strings bring their own.
char* JsonEncoder::write_key_by_type(char* out, PyObject* given) {
  OwnedRef key = OwnedRef::share(given);
  for (int conversion = 0; conversion < conversions_max; ++conversion) {
    PyObject* const k = key.get();
    const JsonTypes::Entry* const entry = writer_.types.classify(Py_TYPE(k));
    if (entry == nullptr) return fail("a type that cannot be looked into");
    const bool exact_string = PyUnicode_CheckExact(k);
    const bool number = PyLong_Check(k) || PyFloat_Check(k) || k == Py_None;
    if (entry->form == JsonForm::enumeration) {
      key = OwnedRef(PyObject_GetAttrString(k, "_value_"));
      if (!key) return nullptr;
    } else if (number) {
      out = ensure(out, 1 + punctuation_bytes);
      if (out == nullptr) return nullptr;
      *out++ = '"';
      out = write(out, k);
      if (out == nullptr) return nullptr;
      *out++ = '"';
      return ensure(out, punctuation_bytes);
    } else if (exact_string || entry->form == JsonForm::string ||
               entry->form == JsonForm::temporal || entry->form == JsonForm::uuid) {
      return write(out, k);
    } else {
      return fail("cannot be a JSON key", Py_TYPE(k)->tp_name);
    }
  }
  return fail("cannot be a JSON key", "an Enum that is its own value");
}

char* JsonEncoder::walk_tuple(char* out) {
  PyObject* const tuple = top().container;
  Py_ssize_t position = top().position;
  while (position < PyTuple_GET_SIZE(tuple)) {
    const std::size_t depth = depth_;
    PyObject* const item = PyTuple_GET_ITEM(tuple, position);
    top().position = ++position;
    out = write(out, item);
    if (out == nullptr || depth_ != depth) return out;
    *out++ = ',';
  }
  return close(out, ']');
}

char* JsonEncoder::walk_pairs(char* out) {
  PyObject* const pairs = top().container;
  Py_ssize_t position = top().position;
  while (position < PyList_GET_SIZE(pairs)) {
    const std::size_t depth = depth_;
    const OwnedRef pair = OwnedRef::share(PyList_GET_ITEM(pairs, position));
    top().position = ++position;
    if (!PyTuple_Check(pair.get()) || PyTuple_GET_SIZE(pair.get()) != 2) {
      return fail("items() gave something else than pairs");
    }
    out = write_key(out, PyTuple_GET_ITEM(pair.get(), 0));
    if (out != nullptr) out = write(out, PyTuple_GET_ITEM(pair.get(), 1));
    if (out == nullptr || depth_ != depth) return out;
    *out++ = ',';
  }
  return close(out, '}');
}

char* JsonEncoder::walk_fields(char* out) {
  PyObject* const object = top().container;
  PyObject* const names = top().names;
  Py_ssize_t position = top().position;
  while (position < PyTuple_GET_SIZE(names)) {
    const std::size_t depth = depth_;
    PyObject* const name = PyTuple_GET_ITEM(names, position);
    top().position = ++position;
    const OwnedRef value(PyObject_GetAttr(object, name));
    if (!value) {
      if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return nullptr;
      PyErr_Clear();
      return fail("a declared field is not set");
    }
    out = write_key(out, name);
    if (out != nullptr) out = write(out, value.get());
    if (out == nullptr || depth_ != depth) return out;
    *out++ = ',';
  }
  return close(out, '}');
}

}  // namespace pelton::py

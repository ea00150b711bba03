// The slower half of JsonEncoder: values and keys that are not of JSON's own exact types, and what
// is said when one cannot be written.
#include <cstring>
#include <utility>

#include "http/json/number_write.hpp"
#include "pymod/hotpath/json_encoder.hpp"
#include "pymod/hotpath/json_forms.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace noria::py {
namespace {

// An Enum whose value is an Enum, a json_default that answers with what it was asked: so often.
constexpr int conversions_max = 64;
constexpr std::size_t punctuation_bytes = 4;

}  // namespace

JsonEncoder::Step JsonEncoder::write_by_type(PyObject* given) {
  OwnedRef value = OwnedRef::share(given);
  for (int conversion = 0; conversion < conversions_max; ++conversion) {
    if (conversion > 0) {
      const PyTypeObject* exact = Py_TYPE(value.get());
      if (exact == &PyUnicode_Type || exact == &PyLong_Type || exact == &PyFloat_Type ||
          exact == &PyBool_Type || exact == &PyDict_Type || exact == &PyList_Type ||
          exact == &PyTuple_Type || value.get() == Py_None) {
        return write(value.get());
      }
    }
    const JsonTypes::Entry* const entry = writer_.types_.classify(Py_TYPE(value.get()));
    if (entry == nullptr) return step(fail("a type that cannot be looked into"));
    switch (entry->form) {
      case JsonForm::string:
        return step(write_string(value.get()));
      case JsonForm::integer:
        return step(write_integer(value.get()));
      case JsonForm::real:
        return step(write_real(PyFloat_AS_DOUBLE(value.get())));
      case JsonForm::list:
        return push(value.get(), Kind::list);
      case JsonForm::tuple:
        return push(value.get(), Kind::tuple);
      case JsonForm::mapping: {
        const OwnedRef pairs(PyMapping_Items(value.get()));
        return pairs ? push(pairs.get(), Kind::pairs) : Step::failed;
      }
      case JsonForm::set: {
        const OwnedRef items(PySequence_List(value.get()));
        return items ? push(items.get(), Kind::list) : Step::failed;
      }
      case JsonForm::temporal:
      case JsonForm::uuid:
        return step(write_temporal_or_uuid(value.get(), entry->form));
      case JsonForm::decimal:
        return step(write_ascii_of(value.get()));
      case JsonForm::fields:
        return push(value.get(), Kind::fields, entry->names.get());
      case JsonForm::pydantic: {
        const OwnedRef to_json(PyObject_GetAttrString(entry->engine.get(), "to_json"));
        return step(write_encoded(
            OwnedRef(to_json ? PyObject_CallOneArg(to_json.get(), value.get()) : nullptr)));
      }
      case JsonForm::msgspec: {
        const OwnedRef encode = OwnedRef::share(entry->engine);
        PyObject* const hook = options_.json_default != nullptr ? options_.json_default : Py_None;
        const OwnedRef names(Py_BuildValue("(s)", "enc_hook"));
        PyObject* const arguments[] = {value.get(), hook};
        return step(write_encoded(OwnedRef(
            names ? PyObject_Vectorcall(encode.get(), arguments, 1, names.get()) : nullptr)));
      }
      case JsonForm::enumeration:
        value = OwnedRef(PyObject_GetAttrString(value.get(), "_value_"));
        break;
      case JsonForm::unknown:
        if (options_.json_default == nullptr) {
          return step(fail("is not JSON serializable", Py_TYPE(value.get())->tp_name));
        }
        value = OwnedRef(PyObject_CallOneArg(options_.json_default, value.get()));
        break;
    }
    if (!value) return Step::failed;
  }
  return step(fail("json_default never came to a value that JSON has"));
}

bool JsonEncoder::write_temporal_or_uuid(PyObject* value, JsonForm form) {
  char text[form_bytes_max];
  char* end = text;
  *end++ = '"';
  const bool written =
      form == JsonForm::uuid ? write_uuid(end, value) : write_temporal(end, value) == Form::written;
  if (!written) return PyErr_Occurred() != nullptr ? false : fail("not a date or time");
  *end++ = '"';
  const auto bytes = static_cast<std::size_t>(end - text);
  if (!sink_.ensure(bytes + punctuation_bytes)) return false;
  std::memcpy(sink_.cursor, text, bytes);
  sink_.cursor += bytes;
  return true;
}

bool JsonEncoder::write_ascii_of(PyObject* value) {
  const OwnedRef text(PyObject_Str(value));
  return text && write_string(text.get());
}

bool JsonEncoder::write_encoded(OwnedRef octets) {
  if (!octets) return fail("refused by its own encoder", "a value");
  if (!PyBytes_Check(octets.get())) return fail("was not encoded to bytes", "a value");
  const auto bytes = static_cast<std::size_t>(PyBytes_GET_SIZE(octets.get()));
  if (!sink_.ensure(bytes + punctuation_bytes)) return false;
  std::memcpy(sink_.cursor, PyBytes_AS_STRING(octets.get()), bytes);
  sink_.cursor += bytes;
  return true;
}

// The key as JSON text and the colon. The caller keeps the key alive.
bool JsonEncoder::write_key(PyObject* key) {
  if (PyUnicode_CheckExact(key)) {
    if (!write_string(key)) return false;
  } else if (!write_key_by_type(key)) {
    return false;
  }
  *sink_.cursor++ = ':';
  return true;
}

bool JsonEncoder::write_key_by_type(PyObject* given) {
  OwnedRef key = OwnedRef::share(given);
  for (int conversion = 0; conversion < conversions_max; ++conversion) {
    PyObject* const k = key.get();
    if (k == Py_None) return write_literal("\"null\"", 6);
    if (k == Py_True) return write_literal("\"true\"", 6);
    if (k == Py_False) return write_literal("\"false\"", 7);
    const JsonTypes::Entry* const entry = writer_.types_.classify(Py_TYPE(k));
    if (entry == nullptr) return fail("a type that cannot be looked into");
    switch (entry->form) {
      case JsonForm::string:
        return write_string(k);
      case JsonForm::integer:
      case JsonForm::real: {
        if (!sink_.ensure(1 + punctuation_bytes)) return false;
        *sink_.cursor++ = '"';
        if (!(entry->form == JsonForm::integer ? write_integer(k)
                                               : write_real(PyFloat_AS_DOUBLE(k)))) {
          return false;
        }
        *sink_.cursor++ = '"';
        return sink_.ensure(punctuation_bytes);
      }
      case JsonForm::temporal:
      case JsonForm::uuid:
        return write_temporal_or_uuid(k, entry->form);
      case JsonForm::enumeration:
        key = OwnedRef(PyObject_GetAttrString(k, "_value_"));
        if (!key) return false;
        break;
      default:
        return fail("cannot be a JSON key", Py_TYPE(k)->tp_name);
    }
  }
  return fail("cannot be a JSON key", "an Enum that is its own value");
}

bool JsonEncoder::fail(const char* problem, const char* subject) {
  OwnedRef cause;
  if (PyErr_Occurred() != nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError)) {
      return false;
    }
    cause = OwnedRef(take_exception());
  }
  const OwnedRef where = path();
  if (!where) return false;
  const OwnedRef message(subject != nullptr
                             ? PyUnicode_FromFormat("%s %s at %U", subject, problem, where.get())
                             : PyUnicode_FromFormat("%s at %U", problem, where.get()));
  if (!message) return false;
  const OwnedRef error(PyObject_CallOneArg(writer_.encode_error_.get(), message.get()));
  if (!error) return false;
  if (cause) PyException_SetCause(error.get(), cause.release());
  PyErr_SetObject(writer_.encode_error_.get(), error.get());
  return false;
}

namespace {

// .name, or ["any text"] for what is no identifier.
OwnedRef key_step(PyObject* key) {
  if (PyUnicode_Check(key) && PyUnicode_IsIdentifier(key) == 1) {
    return OwnedRef(PyUnicode_FromFormat(".%U", key));
  }
  const OwnedRef shown(PyObject_Repr(key));
  return OwnedRef(shown ? PyUnicode_FromFormat("[%U]", shown.get()) : nullptr);
}

// The entry that PyDict_Next gave when it left `position` behind; null when the dict has changed.
PyObject* key_before(PyObject* dict, Py_ssize_t position) {
  Py_ssize_t at = 0;
  PyObject* key = nullptr;
  while (PyDict_Next(dict, &at, &key, nullptr)) {
    if (at == position) return key;
  }
  return nullptr;
}

}  // namespace

OwnedRef JsonEncoder::path() const {
  OwnedRef parts(PyList_New(0));
  OwnedRef first(PyUnicode_FromString("$"));
  if (!parts || !first || PyList_Append(parts.get(), first.get()) != 0) return {};
  // The stack stands still, but what it holds may be asked for its repr and so change.
  for (const Frame& frame : writer_.frames_) {
    const Py_ssize_t index = frame.position - 1;
    if (index < 0) break;
    OwnedRef key;
    OwnedRef part;
    switch (frame.kind) {
      case Kind::list:
      case Kind::tuple:
        part = OwnedRef(PyUnicode_FromFormat("[%zd]", index));
        break;
      case Kind::fields:
        key = OwnedRef::share(PyTuple_GET_ITEM(frame.names, index));
        break;
      case Kind::dict:
        key = OwnedRef::share(key_before(frame.container, frame.position));
        break;
      case Kind::pairs:
        if (index < PyList_GET_SIZE(frame.container)) {
          PyObject* const pair = PyList_GET_ITEM(frame.container, index);
          if (PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2) {
            key = OwnedRef::share(PyTuple_GET_ITEM(pair, 0));
          }
        }
        break;
    }
    if (key) {
      part = key_step(key.get());
      if (!part) PyErr_Clear();
    }
    if (!part) part = OwnedRef(PyUnicode_FromString("[?]"));
    if (!part || PyList_Append(parts.get(), part.get()) != 0) return {};
  }
  const OwnedRef nothing(PyUnicode_New(0, 0));
  return OwnedRef(nothing ? PyUnicode_Join(nothing.get(), parts.get()) : nullptr);
}

}  // namespace noria::py

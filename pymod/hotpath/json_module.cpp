#include "pymod/hotpath/json_module.hpp"

#include <cstdlib>
#include <new>
#include <string_view>

#include "pymod/hotpath/json_reader.hpp"
#include "pymod/hotpath/json_writer.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {
namespace {

// The object that the functions are bound to: one codec per module, so per interpreter.
struct Codec {
  PyObject_HEAD JsonReader* reader;
  JsonWriter* writer;
};

void dealloc(PyObject* self) {
  auto* codec = reinterpret_cast<Codec*>(self);
  delete codec->reader;
  delete codec->writer;
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

// The value of keyword `name` among those given by vectorcall, or null.
struct Keyword {
  const char* name;
  PyObject* value = nullptr;
};

// The first argument, by position or under its name; the rest by keyword. Null with an error set.
PyObject* read_arguments(const char* function, const char* first, PyObject* const* arguments,
                         Py_ssize_t count, PyObject* names, Keyword* keywords,
                         std::size_t keyword_count) {
  PyObject* subject = count > 0 ? arguments[0] : nullptr;
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* const name = PyTuple_GET_ITEM(names, i);
    std::size_t k = 0;
    while (k < keyword_count && PyUnicode_CompareWithASCIIString(name, keywords[k].name) != 0) ++k;
    if (k < keyword_count) {
      keywords[k].value = arguments[count + i];
    } else if (subject == nullptr && PyUnicode_CompareWithASCIIString(name, first) == 0) {
      subject = arguments[count + i];
    } else {
      PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, name);
      return nullptr;
    }
  }
  if (subject == nullptr || count > 1) {
    PyErr_Format(PyExc_TypeError, "%s() takes one positional argument, %s (%zd given)", function,
                 first, count);
    return nullptr;
  }
  return subject;
}

// True if the keyword is absent, `plain` or `alternative`; sets `chosen` for `alternative`.
bool read_choice(const char* function, const Keyword& keyword, const char* plain,
                 const char* alternative, bool& chosen) {
  if (keyword.value == nullptr) return true;
  if (PyUnicode_Check(keyword.value)) {
    if (PyUnicode_CompareWithASCIIString(keyword.value, plain) == 0) return true;
    if (PyUnicode_CompareWithASCIIString(keyword.value, alternative) == 0) {
      chosen = true;
      return true;
    }
  }
  PyErr_Format(PyExc_ValueError, "%s() wants %s to be '%s' or '%s', not %R", function, keyword.name,
               plain, alternative, keyword.value);
  return false;
}

bool read_limit(const Keyword& keyword, std::uint32_t& limit) {
  if (keyword.value == nullptr) return true;
  const long value = PyLong_AsLong(keyword.value);
  if (value == -1 && PyErr_Occurred() != nullptr) return false;
  if (value < 0 || value > INT32_MAX) {
    PyErr_Format(PyExc_ValueError, "%s must lie between 0 and %d, not %ld", keyword.name, INT32_MAX,
                 value);
    return false;
  }
  limit = static_cast<std::uint32_t>(value);
  return true;
}

PyObject* dumps(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  Keyword keywords[] = {{"default"}, {"nan"}};
  JsonWriteOptions options;
  PyObject* const value =
      read_arguments("dumps", "obj", arguments, count, names, keywords, std::size(keywords));
  if (value == nullptr ||
      !read_choice("dumps", keywords[1], "null", "error", options.nan_is_error)) {
    return nullptr;
  }
  if (keywords[0].value != nullptr && keywords[0].value != Py_None) {
    options.json_default = keywords[0].value;
  }
  return json_write_bytes(*reinterpret_cast<Codec*>(self)->writer, value, options);
}

PyObject* read_str(JsonReader& reader, PyObject* text, const JsonReadLimits& limits) {
  Py_ssize_t bytes;
  if (const char* octets = PyUnicode_AsUTF8AndSize(text, &bytes)) {
    return json_read_terminated(reader, {octets, static_cast<std::size_t>(bytes)}, limits);
  }
  if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return nullptr;
  // A lone surrogate: passed through, so that the reader reports its position.
  PyErr_Clear();
  const OwnedRef encoded(PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass"));
  if (!encoded) return nullptr;
  return json_read(
      reader,
      {PyBytes_AS_STRING(encoded.get()), static_cast<std::size_t>(PyBytes_GET_SIZE(encoded.get()))},
      limits);
}

// The text given to loads() or to a function with the same parameters; null with an error set.
PyObject* read_call(const char* function, PyObject* const* arguments, Py_ssize_t count,
                    PyObject* names, JsonReadLimits& limits) {
  Keyword keywords[] = {{"duplicate_keys"}, {"depth_max"}, {"number_bytes_max"}};
  PyObject* const data =
      read_arguments(function, "data", arguments, count, names, keywords, std::size(keywords));
  const bool read =
      data != nullptr &&
      read_choice(function, keywords[0], "last", "reject", limits.reject_duplicate_keys) &&
      read_limit(keywords[1], limits.depth_max) && read_limit(keywords[2], limits.number_bytes_max);
  return read ? data : nullptr;
}

PyObject* check(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  JsonReadLimits limits;
  PyObject* const data = read_call("json_check", arguments, count, names, limits);
  if (data == nullptr) return nullptr;
  if (!PyBytes_Check(data)) {
    PyErr_Format(PyExc_TypeError, "json_check() wants bytes, not %s", Py_TYPE(data)->tp_name);
    return nullptr;
  }
  if (!json_check(*reinterpret_cast<Codec*>(self)->reader, bytes_view(data), limits)) {
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* loads(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  JsonReadLimits limits;
  PyObject* const data = read_call("loads", arguments, count, names, limits);
  if (data == nullptr) return nullptr;
  JsonReader& reader = *reinterpret_cast<Codec*>(self)->reader;
  if (PyBytes_Check(data)) {
    return json_read_terminated(
        reader, {PyBytes_AS_STRING(data), static_cast<std::size_t>(PyBytes_GET_SIZE(data))},
        limits);
  }
  if (PyUnicode_Check(data)) return read_str(reader, data, limits);
  if (!PyByteArray_Check(data) && !PyMemoryView_Check(data)) {
    PyErr_Format(PyExc_TypeError, "loads() wants bytes, bytearray, memoryview or str, not %s",
                 Py_TYPE(data)->tp_name);
    return nullptr;
  }
  Py_buffer view;
  if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) != 0) return nullptr;
  // Copied first: another thread may write to this memory while it is being read.
  PyObject* result = json_read(
      reader, {static_cast<const char*>(view.buf), static_cast<std::size_t>(view.len)}, limits);
  PyBuffer_Release(&view);
  return result;
}

template <auto function>
PyCFunction as_method() {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

constexpr char dumps_doc[] =
    "dumps($module, obj, *, default=None, nan='null')\n--\n\n"
    "Encodes a value as JSON in UTF-8, without spaces.\n\n"
    "Args:\n"
    "    obj: Any value that JSON has a form for.\n"
    "    default: Called with a value that has none; what it returns is encoded instead.\n"
    "    nan: What NaN and infinities become: `null`, or an `error`.\n\n"
    "Raises:\n"
    "    JSONEncodeError: A value has no form; the message ends with the path to it.";
constexpr char loads_doc[] =
    "loads($module, data, *, duplicate_keys='last', depth_max=1024, number_bytes_max=4300)\n--\n\n"
    "Decodes one JSON text by RFC 8259.\n\n"
    "Args:\n"
    "    data: Bytes in UTF-8, or a `str`.\n"
    "    duplicate_keys: Which value of a repeated key counts: the `last`, or none (`reject`).\n"
    "    depth_max: How deep the text may be nested.\n"
    "    number_bytes_max: The longest number, in digits.\n\n"
    "Raises:\n"
    "    JSONDecodeError: The text is no JSON, or beyond a limit.";

PyMethodDef dumps_definition = {"dumps", as_method<&dumps>(), METH_FASTCALL | METH_KEYWORDS,
                                dumps_doc};
PyMethodDef loads_definition = {"loads", as_method<&loads>(), METH_FASTCALL | METH_KEYWORDS,
                                loads_doc};

PyMethodDef check_definition = {
    "json_check", as_method<&check>(), METH_FASTCALL | METH_KEYWORDS,
    "json_check($module, data, *, duplicate_keys='last', depth_max=1024, number_bytes_max=4300)\n"
    "--\n\n"
    "Raise JSONDecodeError unless loads() would take the bytes, without decoding them."};

PyType_Slot codec_slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(&dealloc)}, {0, nullptr}};
PyType_Spec codec_spec = {"pelton._native.JsonCodec", sizeof(Codec), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, codec_slots};

// The allocator maps every block of 128 KiB and more afresh, page by page, until it has seen a
// larger one freed (mallopt(3), dynamic threshold). Results of dumps() are such blocks, and mapping
// them costs several times what writing them does.
void teach_allocator() {
  constexpr std::size_t reused_bytes_max = std::size_t{16} << 20;
  void* volatile block = std::malloc(reused_bytes_max);
  std::free(block);
}

// An error type as the package shows it.
OwnedRef make_error(const char* name, const char* doc, PyObject* base) {
  return OwnedRef(PyErr_NewExceptionWithDoc(name, doc, base, nullptr));
}

// The functions show the names that the package gives them, pelton.json.dumps and loads.
bool add_function(PyObject* module, const char* name, PyMethodDef& definition, PyObject* codec) {
  const OwnedRef home(PyUnicode_FromString("pelton.json"));
  if (!home) return false;
  const OwnedRef function(PyCFunction_NewEx(&definition, codec, home.get()));
  return function && PyModule_AddObjectRef(module, name, function.get()) == 0;
}

}  // namespace

int add_json(PyObject* module) {
  teach_allocator();
  const OwnedRef decode_error = make_error(
      "pelton.json.JSONDecodeError",
      "The text is no JSON by RFC 8259. `pos` is the offset in bytes, `line` and `column` (in "
      "characters) count from 1, `reason` is the word of its counter.",
      PyExc_ValueError);
  const OwnedRef encode_error = make_error(
      "pelton.json.JSONEncodeError",
      "A value has no JSON form; the message ends with the path to it.", PyExc_TypeError);
  const OwnedRef type(PyType_FromSpec(&codec_spec));
  if (!decode_error || !encode_error || !type) return -1;
  auto* type_object = reinterpret_cast<PyTypeObject*>(type.get());
  const OwnedRef codec(type_object->tp_alloc(type_object, 0));
  if (!codec) return -1;
  auto* parts = reinterpret_cast<Codec*>(codec.get());
  parts->reader = new (std::nothrow) JsonReader(decode_error);
  parts->writer = new (std::nothrow) JsonWriter(encode_error);
  if (parts->reader == nullptr || parts->writer == nullptr) {
    PyErr_NoMemory();
    return -1;
  }
  const bool added = PyModule_AddObjectRef(module, "JSONDecodeError", decode_error.get()) == 0 &&
                     PyModule_AddObjectRef(module, "JSONEncodeError", encode_error.get()) == 0 &&
                     add_function(module, "json_dumps", dumps_definition, codec.get()) &&
                     add_function(module, "json_loads", loads_definition, codec.get()) &&
                     add_function(module, "json_check", check_definition, codec.get());
  return added ? 0 : -1;
}

}  // namespace pelton::py

#include "pymod/hotpath/form_reader_object.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "http/forms/file_name.hpp"
#include "http/forms/form_type.hpp"
#include "http/forms/multipart_parser.hpp"
#include "http/forms/urlencoded_parser.hpp"
#include "http/message/percent.hpp"
#include "http/message/refusal.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

using http::FormType;
using http::MultipartParser;
using http::UrlencodedParser;

// Smaller pieces are copied: a view would cost more, and keep all of the body alive.
constexpr std::size_t copied_bytes_max = 16 * 1024;

struct Reader {
  FormType::Kind kind = FormType::Kind::other;
  std::optional<UrlencodedParser> urlencoded = {};
  std::optional<MultipartParser> multipart = {};
  Reason failure = Reason::none;
  std::string key_scratch = {};
  std::string value_scratch = {};
};

struct ReaderObject {
  PyObject_HEAD Reader* reader;
};

Reader& reader_of(PyObject* self) {
  return *reinterpret_cast<ReaderObject*>(self)->reader;
}

bool append_new(PyObject* list, OwnedRef item) {
  return item && PyList_Append(list, item.get()) == 0;
}

// --- events ---

OwnedRef field_event(Reader& reader, const http::QueryField& field) {
  const std::string_view key = http::form_text(field.key, reader.key_scratch);
  const OwnedRef name(utf8_text(key));
  const std::string_view value = http::form_text(field.value, reader.value_scratch);
  const OwnedRef text(utf8_text(value));
  return OwnedRef(name && text ? PyTuple_Pack(2, name.get(), text.get()) : nullptr);
}

OwnedRef fields_of(const http::PartHead& head) {
  OwnedRef list(PyList_New(0));
  for (std::size_t index = 0; list && index < head.field_count(); ++index) {
    const auto [name, value] = head.field(index);
    const OwnedRef name_text(latin1_text(name));
    const OwnedRef value_text(latin1_text(value));
    if (!name_text || !value_text) return OwnedRef();
    if (!append_new(list.get(), OwnedRef(PyTuple_Pack(2, name_text.get(), value_text.get())))) {
      return OwnedRef();
    }
  }
  return list;
}

// A large piece of the fed data becomes a view of that data.
OwnedRef data_event(PyObject* data, std::string_view octets) {
  const std::string_view fed = bytes_view(data);
  const bool lies_in_it = octets.data() >= fed.data() && octets.data() < fed.data() + fed.size();
  if (!lies_in_it || octets.size() <= copied_bytes_max) return OwnedRef(octets_object(octets));
  const OwnedRef whole(PyMemoryView_FromObject(data));
  const Py_ssize_t begin = octets.data() - fed.data();
  return OwnedRef(whole ? PySequence_GetSlice(whole.get(), begin,
                                              begin + static_cast<Py_ssize_t>(octets.size()))
                        : nullptr);
}

bool feed_multipart(Reader& reader, PyObject* data, PyObject* events) {
  using Event = MultipartParser::Event;
  std::string_view rest = bytes_view(data);
  while (true) {
    const MultipartParser::Step step = reader.multipart->read(rest);
    rest.remove_prefix(step.consumed_bytes);
    switch (step.event) {
      case Event::need_more:
        return true;
      case Event::part_begins:
        if (!append_new(events, part_event(reader.multipart->part()))) return false;
        break;
      case Event::data:
        if (!append_new(events, data_event(data, step.octets))) return false;
        break;
      case Event::part_ends:
        if (PyList_Append(events, Py_None) != 0) return false;
        break;
      case Event::form_ends:
        break;
      case Event::failed:
        reader.failure = step.reason;
        return true;
    }
  }
}

bool feed_urlencoded(Reader& reader, PyObject* data, PyObject* events) {
  std::string_view rest = bytes_view(data);
  while (true) {
    const UrlencodedParser::Step step = reader.urlencoded->read(rest);
    rest.remove_prefix(step.consumed_bytes);
    if (step.event == UrlencodedParser::Event::need_more) return true;
    if (step.event == UrlencodedParser::Event::failed) {
      reader.failure = step.reason;
      return true;
    }
    if (!append_new(events, field_event(reader, step.field))) return false;
  }
}

PyObject* feed(PyObject* self, PyObject* data) {
  if (!PyBytes_CheckExact(data)) {
    PyErr_SetString(PyExc_TypeError, "feed() takes bytes");
    return nullptr;
  }
  Reader& reader = reader_of(self);
  OwnedRef events(PyList_New(0));
  if (!events) return nullptr;
  const bool fed = !reader.multipart
                       ? !reader.urlencoded || feed_urlencoded(reader, data, events.get())
                       : feed_multipart(reader, data, events.get());
  return fed ? events.release() : nullptr;
}

PyObject* end(PyObject* self, PyObject*) {
  Reader& reader = reader_of(self);
  OwnedRef events(PyList_New(0));
  if (!events) return nullptr;
  if (reader.multipart) reader.failure = reader.multipart->finish();
  if (reader.urlencoded) {
    const UrlencodedParser::Step step = reader.urlencoded->finish();
    if (step.event == UrlencodedParser::Event::failed) reader.failure = step.reason;
    if (step.event == UrlencodedParser::Event::field &&
        !append_new(events.get(), field_event(reader, step.field))) {
      return nullptr;
    }
  }
  return events.release();
}

// --- the type ---

enum Limit : std::uint8_t {
  boundary_bytes,
  form_fields,
  parts,
  files,
  field_bytes,
  memory_bytes,
  part_headers,
  part_header_bytes,
  slack_bytes,
  limit_count,
};

bool read_limits(PyObject* sequence, std::array<std::uint64_t, limit_count>& limits) {
  const OwnedRef tuple(PySequence_Tuple(sequence));
  if (!tuple) return false;
  if (PyTuple_GET_SIZE(tuple.get()) != limit_count) {
    PyErr_SetString(PyExc_ValueError, "FormReader() takes nine limits");
    return false;
  }
  for (std::size_t index = 0; index < limits.size(); ++index) {
    limits[index] =
        PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(tuple.get(), static_cast<Py_ssize_t>(index)));
    if (PyErr_Occurred() != nullptr) return false;
  }
  return true;
}

PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  PyObject* content_type = nullptr;
  PyObject* sequence = nullptr;
  if (keywords != nullptr && PyDict_Size(keywords) != 0) {
    PyErr_SetString(PyExc_TypeError, "FormReader() takes no keywords");
    return nullptr;
  }
  if (!PyArg_ParseTuple(arguments, "UO:FormReader", &content_type, &sequence)) return nullptr;
  std::string_view text;
  if (!latin1_view(content_type, text)) {
    PyErr_SetString(PyExc_ValueError, "a content type is latin-1 text");
    return nullptr;
  }
  std::array<std::uint64_t, limit_count> limits;
  if (!read_limits(sequence, limits)) return nullptr;
  OwnedRef self(type->tp_alloc(type, 0));
  if (!self) return nullptr;
  auto* const reader = new (std::nothrow) Reader;
  if (reader == nullptr) return PyErr_NoMemory();
  reinterpret_cast<ReaderObject*>(self.get())->reader = reader;
  const FormType form = http::form_type(text, limits[boundary_bytes]);
  reader->kind = form.kind;
  if (form.kind == FormType::Kind::urlencoded) reader->urlencoded.emplace(limits[form_fields]);
  if (form.kind == FormType::Kind::bad_boundary) {
    reader->failure = Reason::answered_multipart_boundary;
  }
  if (form.kind == FormType::Kind::multipart) {
    reader->multipart.emplace(
        form.boundary, http::MultipartLimits{.parts_max = limits[parts],
                                             .files_max = limits[files],
                                             .field_bytes_max = limits[field_bytes],
                                             .memory_bytes_max = limits[memory_bytes],
                                             .part_headers_max = limits[part_headers],
                                             .part_header_bytes_max = limits[part_header_bytes],
                                             .slack_bytes_max = limits[slack_bytes]});
  }
  return self.release();
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  delete reinterpret_cast<ReaderObject*>(self)->reader;
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* kind(PyObject* self, void*) {
  switch (reader_of(self).kind) {
    case FormType::Kind::urlencoded:
      return PyUnicode_FromString("urlencoded");
    case FormType::Kind::multipart:
    case FormType::Kind::bad_boundary:
      return PyUnicode_FromString("multipart");
    case FormType::Kind::other:
      break;
  }
  Py_RETURN_NONE;
}

PyObject* failure(PyObject* self, void*) {
  return form_failure(reader_of(self).failure);
}

PyMethodDef methods[] = {
    {"feed", feed, METH_O, PyDoc_STR("More of the body: what it tells, in order.")},
    {"end", end, METH_NOARGS, PyDoc_STR("The body has ended: what that tells.")},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {
    {"kind", kind, nullptr, PyDoc_STR("urlencoded, multipart, or None for no form."), nullptr},
    {"failure", failure, nullptr,
     PyDoc_STR("(status, class, reason) once the body is found to be no form, else None."),
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("A form's parts and fields, as its body arrives.")},
    {Py_tp_new, reinterpret_cast<void*>(make)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, nullptr}};

PyType_Spec spec = {"pelton._native.FormReader", sizeof(ReaderObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots};

}  // namespace

OwnedRef part_event(const http::PartHead& head) {
  const OwnedRef name(utf8_text(head.name()));
  OwnedRef raw = OwnedRef::share(Py_None);
  OwnedRef offered = OwnedRef::share(Py_None);
  if (head.has_filename()) {
    raw = OwnedRef(utf8_text(head.filename()));
    const std::string text = http::offered_file_name(head.filename());
    if (!text.empty()) offered = OwnedRef(utf8_text(text));
  }
  const OwnedRef fields = fields_of(head);
  if (!name || !raw || !offered || !fields) return OwnedRef();
  return OwnedRef(PyTuple_Pack(5, name.get(), head.is_file() ? Py_True : Py_False, raw.get(),
                               offered.get(), fields.get()));
}

PyObject* form_failure(Reason reason) {
  if (reason == Reason::none) Py_RETURN_NONE;
  const ReasonRow& row = reason_row(reason);
  const std::string counter_class(row.counter_class);
  const std::string word(row.word);
  return Py_BuildValue("(iss)", static_cast<int>(http::refusal_status(reason)),
                       counter_class.c_str(), word.c_str());
}

PyTypeObject* make_form_reader_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

}  // namespace pelton::py

#include "pymod/hotpath/body_file_object.hpp"

#include <memory>
#include <new>

#include "http/serve/body_spool.hpp"
#include "pymod/hotpath/form_reader_object.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

using File = std::shared_ptr<const http::BodyFile>;
using http::MultipartIndex;

struct BodyFileObject {
  PyObject_HEAD File file;
};

const http::BodyFile& file_of(PyObject* self) {
  return *reinterpret_cast<BodyFileObject*>(self)->file;
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  reinterpret_cast<BodyFileObject*>(self)->file.~File();
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* fileno(PyObject* self, PyObject*) {
  return PyLong_FromLong(file_of(self).descriptor());
}

Py_ssize_t length(PyObject* self) {
  return static_cast<Py_ssize_t>(file_of(self).bytes());
}

// The slice of the body that is a file, or the octets of a field.
OwnedRef content_event(const http::BodyFile& file, const MultipartIndex::Part& part) {
  if (!part.head.is_file())
    return OwnedRef(octets_object(file.view().substr(part.begin, part.bytes)));
  const OwnedRef begin(PyLong_FromUnsignedLongLong(part.begin));
  const OwnedRef end(PyLong_FromUnsignedLongLong(part.begin + part.bytes));
  return OwnedRef(begin && end ? PySlice_New(begin.get(), end.get(), nullptr) : nullptr);
}

PyObject* parts(PyObject* self, PyObject*) {
  const http::BodyFile& file = file_of(self);
  if (file.index() == nullptr) Py_RETURN_NONE;
  OwnedRef events(PyList_New(0));
  if (!events) return nullptr;
  for (const MultipartIndex::Part& part : file.index()->parts()) {
    const OwnedRef head = part_event(part.head);
    const OwnedRef content = content_event(file, part);
    if (!head || !content || PyList_Append(events.get(), head.get()) != 0 ||
        PyList_Append(events.get(), content.get()) != 0 ||
        PyList_Append(events.get(), Py_None) != 0) {
      return nullptr;
    }
  }
  return events.release();
}

PyObject* failure(PyObject* self, void*) {
  const MultipartIndex* const index = file_of(self).index();
  if (index == nullptr) Py_RETURN_NONE;
  return form_failure(index->failure() != Reason::none ? index->failure()
                                                       : index->failure_at_end());
}

PyMethodDef methods[] = {
    {"fileno", fileno, METH_NOARGS, PyDoc_STR("The descriptor, as long as this lives.")},
    {"parts", parts, METH_NOARGS,
     PyDoc_STR("What FormReader tells of the multipart form in it, a slice for where a file lies; "
               "None if it is no such form.")},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {
    {"failure", failure, nullptr,
     PyDoc_STR("(status, class, reason) if it is no form within the limits, else None."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("A large body in a file without a name.")},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, attributes},
                       {Py_mp_length, reinterpret_cast<void*>(length)},
                       {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.BodyFile",
    .basicsize = sizeof(BodyFileObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

}  // namespace

PyTypeObject* make_body_file_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

bool lies_in_file(const http::Exchange& exchange) {
  const bool is_large = exchange.body().size() > http::SpoolRules{}.body_bytes_max_held;
  return is_large && exchange.body_file() != nullptr;
}

PyObject* new_body_file(PyTypeObject* type, const http::Exchange* exchange) {
  if (exchange == nullptr || !lies_in_file(*exchange)) Py_RETURN_NONE;
  PyObject* const self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  new (&reinterpret_cast<BodyFileObject*>(self)->file) File(exchange->body_file());
  return self;
}

std::string_view body_file_view(PyObject* object) {
  return object == Py_None ? std::string_view{} : file_of(object).view();
}

}  // namespace pelton::py

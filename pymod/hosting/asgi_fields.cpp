#include "pymod/hosting/asgi_fields.hpp"

#include "http/message/field_rules.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

bool refuse(const char* event, PyObject* value, const char* what) {
  PyErr_Format(PyExc_TypeError, "the headers of %s are pairs of bytes: %s is %.100s", event, what,
               Py_TYPE(value)->tp_name);
  return false;
}

// Both parts of a pair; false with TypeError set.
bool read_pair(PyObject* given, const char* event, OwnedRef& name, OwnedRef& value) {
  OwnedRef pair;
  if (PyTuple_CheckExact(given) || PyList_CheckExact(given)) {
    pair = OwnedRef::share(given);
  } else if (PyBytes_Check(given) || PyUnicode_Check(given)) {
    return refuse(event, given, "one of them");
  } else {
    pair = OwnedRef(PySequence_Fast(given, "a header is a pair of bytes"));
    if (!pair) return false;
  }
  if (PySequence_Fast_GET_SIZE(pair.get()) != 2) {
    PyErr_Format(PyExc_TypeError, "the headers of %s are pairs of bytes: one of them has %zd parts",
                 event, PySequence_Fast_GET_SIZE(pair.get()));
    return false;
  }
  name = OwnedRef::share(PySequence_Fast_GET_ITEM(pair.get(), 0));
  value = OwnedRef::share(PySequence_Fast_GET_ITEM(pair.get(), 1));
  if (!PyBytes_Check(name.get())) return refuse(event, name.get(), "a name");
  if (!PyBytes_Check(value.get())) return refuse(event, value.get(), "a value");
  return true;
}

}  // namespace

bool AsgiFields::read(PyObject* headers, const char* event) {
  octets_ = OwnedRef();
  content_length_.reset();
  if (headers == nullptr || headers == Py_None) return true;
  const OwnedRef pairs(PySequence_Fast(headers, "headers are an iterable of pairs of bytes"));
  if (!pairs) return false;
  // A pair may be an object whose iteration changes the list.
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(pairs.get());
  OwnedRef octets(PyTuple_New(2 * count));
  if (!octets) return false;
  for (Py_ssize_t index = 0; index < count; ++index) {
    if (index >= PySequence_Fast_GET_SIZE(pairs.get())) {
      PyErr_Format(PyExc_RuntimeError, "the headers of %s changed while they were read", event);
      return false;
    }
    const OwnedRef given = OwnedRef::share(PySequence_Fast_GET_ITEM(pairs.get(), index));
    OwnedRef name;
    OwnedRef value;
    if (!read_pair(given.get(), event, name, value)) return false;
    if (http::is_same_name(bytes_view(name.get()), "content-length")) {
      std::uint64_t length = 0;
      if (http::read_content_length(bytes_view(value.get()), length)) content_length_ = length;
    }
    PyTuple_SET_ITEM(octets.get(), 2 * index, name.release());
    PyTuple_SET_ITEM(octets.get(), 2 * index + 1, value.release());
  }
  octets_ = std::move(octets);
  return true;
}

bool AsgiFields::read_more(PyObject* headers, const char* event) {
  const OwnedRef before = std::move(octets_);
  if (!read(headers, event)) return false;
  if (!before) return true;
  octets_ =
      octets_ ? OwnedRef(PySequence_Concat(before.get(), octets_.get())) : OwnedRef::share(before);
  return static_cast<bool>(octets_);
}

AsgiFields::Views::Views(const AsgiFields& fields) {
  if (!fields.octets_) return;
  PyObject* const octets = fields.octets_.get();
  count_ = static_cast<std::size_t>(PyTuple_GET_SIZE(octets)) / 2;
  if (count_ > inline_count) {
    more_.resize(count_);
    views_ = more_.data();
  }
  for (std::size_t index = 0; index < count_; ++index) {
    const auto at = static_cast<Py_ssize_t>(2 * index);
    views_[index] = {bytes_view(PyTuple_GET_ITEM(octets, at)),
                     bytes_view(PyTuple_GET_ITEM(octets, at + 1))};
  }
}

}  // namespace pelton::py

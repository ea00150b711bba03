#include "pymod/hotpath/response_fields.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

// The line of a cookie with Secure where cookies.py would have put it.
std::string with_secure(std::string_view line) {
  std::size_t at = line.size();
  for (const std::string_view next : {"; HttpOnly", "; SameSite=", "; Partitioned"}) {
    at = std::min(at, line.find(next));
  }
  std::string secured(line);
  return secured.insert(at, "; Secure");
}

}  // namespace

bool FieldList::read(PyObject* list) {
  if (!PyList_CheckExact(list)) {
    PyErr_SetString(PyExc_TypeError, "a response's fields are a list");
    return false;
  }
  count_ = static_cast<std::size_t>(PyList_GET_SIZE(list));
  if (count_ > inline_count) {
    more_.resize(count_);
    views_ = more_.data();
  }
  for (std::size_t index = 0; index < count_; ++index) {
    PyObject* pair = PyList_GET_ITEM(list, static_cast<Py_ssize_t>(index));
    if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2 ||
        !PyBytes_CheckExact(PyTuple_GET_ITEM(pair, 0)) ||
        !PyBytes_CheckExact(PyTuple_GET_ITEM(pair, 1))) {
      PyErr_SetString(PyExc_TypeError, "a Response's field is no pair of bytes");
      return false;
    }
    views_[index] = {bytes_view(PyTuple_GET_ITEM(pair, 0)), bytes_view(PyTuple_GET_ITEM(pair, 1))};
    if (PyTuple_GET_ITEM(pair, 0) == cookie_by_scheme_ && exchange_.is_secure()) [[unlikely]] {
      views_[index].value = secured_.emplace_front(with_secure(views_[index].value));
    }
  }
  return true;
}

OwnedRef phrase_of(PyObject* status) {
  if (PyLong_CheckExact(status)) [[likely]]
    return OwnedRef();
  OwnedRef phrase(PyObject_GetAttrString(status, "phrase"));
  if (!phrase) PyErr_Clear();
  return phrase && PyBytes_CheckExact(phrase.get()) ? std::move(phrase) : OwnedRef();
}

std::string_view phrase_view(const OwnedRef& phrase) {
  return phrase ? bytes_view(phrase.get()) : std::string_view();
}

bool raise_fault(http::HeadFault fault, unsigned status) {
  switch (fault) {
    case http::HeadFault::none:
      return true;
    case http::HeadFault::status:
      PyErr_Format(PyExc_ValueError, "a response's status is 200 to 599, not %u", status);
      break;
    case http::HeadFault::header:
      PyErr_SetString(
          PyExc_ValueError,
          "a response header has a bad name or value, or there are more than 256 of them "
          "or more than 64 KiB");
      break;
    case http::HeadFault::memory:
      PyErr_NoMemory();
      break;
    case http::HeadFault::length:
      PyErr_SetString(PyExc_ValueError,
                      "the response's Content-Length is not the length of its body");
      break;
  }
  return false;
}

}  // namespace pelton::py

#include "pymod/bindings/fields.hpp"

#include <string>
#include <string_view>

#include "http/message/octets.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

namespace pb = pybind11;

[[noreturn]] void refuse(const std::string& what, const pb::str& text, std::size_t position) {
  const auto at = pb::reinterpret_steal<pb::str>(
      PySequence_GetItem(text.ptr(), static_cast<Py_ssize_t>(position)));
  throw pb::value_error(what + " has " + pb::repr(at).cast<std::string>() + " at position " +
                        std::to_string(position));
}

// The octets of a latin-1 str; any other is refused at its first character that is not latin-1.
std::string_view latin1(const std::string& what, const pb::str& text) {
  std::string_view octets;
  if (latin1_view(text.ptr(), octets)) return octets;
  const Py_ssize_t length = PyUnicode_GetLength(text.ptr());
  Py_ssize_t position = 0;
  while (position < length && PyUnicode_ReadChar(text.ptr(), position) <= 0xFF) ++position;
  refuse(what, text, static_cast<std::size_t>(position));
}

pb::tuple check_field(const pb::str& name, const pb::str& value) {
  const std::string_view token = latin1("the name", name);
  if (token.empty()) throw pb::value_error("the name is empty");
  for (std::size_t index = 0; index < token.size(); ++index) {
    if (!http::is_tchar(token[index])) refuse("the name", name, index);
  }
  const std::string_view octets = latin1("the value", value);
  for (std::size_t index = 0; index < octets.size(); ++index) {
    if (!http::octet_is(octets[index], http::octet_field)) refuse("the value", value, index);
  }
  return pb::make_tuple(pb::bytes(token.data(), token.size()),
                        pb::bytes(octets.data(), octets.size()));
}

}  // namespace

void add_fields(pb::module_& module) {
  module.def("check_field", check_field, pb::arg("name"), pb::arg("value"),
             "Name as a token, value as latin-1 without controls; ValueError with the position if "
             "not.");
}

}  // namespace pelton::py

#include "pymod/hotpath/scalar.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "http/message/octets.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

namespace {

constexpr std::size_t integer_digits_max = 4300;
// So many digits always fit a signed 64-bit integer.
constexpr std::size_t plain_digits_max = 18;

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  return text;
}

std::size_t digits_at(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && http::octet_is(text[count], http::octet_digit)) ++count;
  return count;
}

PyObject* integer_object(Integers& integers, std::string_view text) {
  const std::string_view digits = without_sign(text);
  if (digits.empty() || digits.size() > integer_digits_max || digits_at(digits) != digits.size()) {
    return nullptr;
  }
  if (digits.size() <= plain_digits_max) {
    std::int64_t value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return integers.make(text.front() == '-' ? -value : value);
  }
  return PyLong_FromString(std::string(text).c_str(), nullptr, 10);
}

// [+-]? (digits [. digits?] | . digits) ([eE] [+-]? digits)?
bool is_decimal(std::string_view text) {
  text = without_sign(text);
  const std::size_t whole = digits_at(text);
  text.remove_prefix(whole);
  std::size_t part = 0;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    part = digits_at(text);
    text.remove_prefix(part);
  }
  if (whole + part == 0) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text = without_sign(text.substr(1));
  return !text.empty() && digits_at(text) == text.size();
}

PyObject* real_object(std::string_view text) {
  if (!is_decimal(text)) return nullptr;
  const std::string terminated(text);
  const double value = PyOS_string_to_double(terminated.c_str(), nullptr, PyExc_OverflowError);
  if (value == -1.0 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return nullptr;
  }
  return PyFloat_FromDouble(value);
}

PyObject* boolean_object(std::string_view text) {
  constexpr std::array<std::string_view, 6> yes{"true", "1", "yes", "on", "t", "y"};
  constexpr std::array<std::string_view, 6> no{"false", "0", "no", "off", "f", "n"};
  const auto spells = [text](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char octet, char lower) { return http::to_lower(octet) == lower; });
  };
  if (std::any_of(yes.begin(), yes.end(), spells)) return Py_NewRef(Py_True);
  if (std::any_of(no.begin(), no.end(), spells)) return Py_NewRef(Py_False);
  return nullptr;
}

}  // namespace

PyObject* scalar(Integers& integers, Convert convert, std::string_view octets, Charset charset,
                 PyObject* callable) {
  switch (convert) {
    case Convert::as_matched:
    case Convert::text:
      return text_object(octets, charset);
    case Convert::octets:
      return octets_object(octets);
    case Convert::integer:
      return integer_object(integers, octets);
    case Convert::real:
      return real_object(octets);
    case Convert::boolean:
      return boolean_object(octets);
    case Convert::callable: {
      const OwnedRef text(text_object(octets, charset));
      return text ? PyObject_CallOneArg(callable, text.get()) : nullptr;
    }
  }
  return nullptr;
}

}  // namespace pelton::py

#include "pymod/hotpath/request_values.hpp"

#include "http/message/cookie.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

PyObject* path_value(HotState& hot, const http::PathValue& value) {
  switch (value.converter) {
    case http::Converter::integer:
      return hot.json_reader.integers.make(value.integer);
    case http::Converter::real:
      return PyFloat_FromDouble(value.real);
    case http::Converter::uuid: {
      PyObject* type = hot.uuid_type();
      const OwnedRef text(type == nullptr ? nullptr : utf8_text(value.text));
      return text ? PyObject_CallOneArg(type, text.get()) : nullptr;
    }
    case http::Converter::text:
    case http::Converter::regex:
    case http::Converter::path:
      break;
  }
  return utf8_text(value.text);
}

PyObject* make_cookies(const http::RequestHead& head, std::size_t cookies_max, bool& too_many) {
  OwnedRef made(PyDict_New());
  if (!made) return nullptr;
  std::size_t count = 0;
  for (const http::Field& field : head.fields) {
    if (field.known != http::FieldName::cookie) continue;
    http::CookiePair pair;
    for (http::CookiePairs pairs(head.text(field.value)); pairs.next(pair);) {
      too_many = ++count > cookies_max;
      if (too_many) return nullptr;
      const OwnedRef key(latin1_text(pair.name));
      const OwnedRef value(latin1_text(pair.value));
      if (!key || !value || PyDict_SetDefault(made.get(), key.get(), value.get()) == nullptr) {
        return nullptr;
      }
    }
  }
  return made.release();
}

}  // namespace pelton::py

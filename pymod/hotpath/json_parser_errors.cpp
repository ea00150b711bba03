// The errors of JsonParser for a text that is not JSON.
#include <algorithm>

#include "pymod/hotpath/json_parser.hpp"

namespace pelton::py {

std::nullptr_t JsonParser::fail_value(const char* at) {
  // JSN-004: a number in a form that only other languages have is reported as a bad number.
  const bool numeric = *at == '+' || *at == '.' || *at == 'N' || *at == 'I';
  return fail(numeric ? Trouble::number : Trouble::syntax, at);
}

std::nullptr_t JsonParser::fail(Trouble trouble, const char* at) {
  struct Words {
    const char* reason;
    const char* sentence;
  };
  static constexpr Words words[] = {
      {"json_syntax", "not JSON"},
      {"json_depth", "nested too deeply"},
      {"json_number", "not a number that JSON allows or that fits"},
      {"json_string", "not a valid string"},
      {"json_duplicate_key", "a key stands twice in one object"},
  };
  const Words& word = words[static_cast<unsigned>(trouble)];
  const char* line_begin = begin_;
  std::size_t line = 1;
  for (const char* c = begin_; c < at; ++c) {
    if (*c == '\n') {
      ++line;
      line_begin = c + 1;
    }
  }
  const auto column = 1 + std::count_if(line_begin, at, [](char c) { return (c & 0xc0) != 0x80; });
  const auto offset = static_cast<std::size_t>(at - begin_);
  const OwnedRef message(PyUnicode_FromFormat("%s at octet %zu (line %zu, column %zd)",
                                              word.sentence, offset, line,
                                              static_cast<Py_ssize_t>(column)));
  if (!message) return nullptr;
  const OwnedRef error(PyObject_CallOneArg(reader_.decode_error.get(), message.get()));
  const OwnedRef pos(PyLong_FromSize_t(offset));
  const OwnedRef line_number(PyLong_FromSize_t(line));
  const OwnedRef column_number(PyLong_FromSsize_t(column));
  const OwnedRef reason(PyUnicode_FromString(word.reason));
  if (!error || !pos || !line_number || !column_number || !reason ||
      PyObject_SetAttrString(error.get(), "pos", pos.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "line", line_number.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "column", column_number.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "reason", reason.get()) != 0) {
    return nullptr;
  }
  PyErr_SetObject(reader_.decode_error.get(), error.get());
  return nullptr;
}

}  // namespace pelton::py

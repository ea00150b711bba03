// One pass over one text on behalf of a JsonReader: private to the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pymod/hotpath/json_reader.hpp"

namespace pelton::py {

class JsonParser {
 public:
  // A NUL follows the text; blocks may be read up to `readable_end`.
  JsonParser(JsonReader& reader, std::string_view text, const char* readable_end,
             const JsonReadLimits& limits)
      : reader_(reader),
        begin_(text.data()),
        end_(text.data() + text.size()),
        readable_end_(readable_end),
        limits_(limits) {}

  // A new reference, or null with a Python error set.
  PyObject* parse();

 private:
  enum class Trouble : unsigned char { syntax, depth, number, string, duplicate_key };

  // The body of a string between its quotes, escapes resolved.
  struct Body {
    const char* data;
    std::size_t bytes;
    bool ascii;
  };

  // Each takes `p` at the token, moves it past the token and returns a new reference, or null with
  // an error set.
  PyObject* read_number(const char*& p);
  PyObject* read_usual_real(const char*& p);
  PyObject* read_any_number(const char*& p);
  PyObject* read_string(const char*& p);
  PyObject* read_key(const char*& p);

  bool read_body(const char*& p, Body& body);
  bool resolve_escapes(const char* begin, const char*& p, Body& body);
  PyObject* make_string(const Body& body, const char* source);
  PyObject* make_big_integer(const char* begin, const char* end);
  PyObject* make_wide_string(std::string_view utf8, const char* source);
  PyObject* close_object(PyObject** items, std::size_t count);
  PyObject* close_array(PyObject** items, std::size_t count);
  bool grow_stack(PyObject**& top);  // false with MemoryError set
  bool note_key(const char* at);

  std::nullptr_t fail(Trouble trouble, const char* at);
  std::nullptr_t fail_value(const char* at);

  JsonReader& reader_;
  const char* const begin_;
  const char* const end_;
  const char* const readable_end_;
  const JsonReadLimits& limits_;
  std::size_t key_count_ = 0;  // keys noted in objects not closed yet
};

}  // namespace pelton::py

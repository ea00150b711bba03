// JSON text to Python objects in one pass, on an explicit stack, by RFC 8259 and nothing more.
// One reader belongs to one thread at a time; it keeps the keys it has seen, so the records of a
// service share their key strings.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/json/utf8.hpp"
#include "pymod/hotpath/refs.hpp"

namespace noria::py {

struct JsonReadLimits {
  std::uint32_t depth_max = 1024;         // LIM-060
  std::uint32_t number_bytes_max = 4300;  // LIM-061, the sign not counted
  bool reject_duplicate_keys = false;     // JSN-006
};

class JsonReader {
 public:
  // `decode_error` is the module's JSONDecodeError; the reader keeps it alive.
  explicit JsonReader(BorrowedRef decode_error);
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;
  ~JsonReader();

 private:
  friend PyObject* json_read(JsonReader&, std::string_view, const JsonReadLimits&);
  friend PyObject* json_read_terminated(JsonReader&, std::string_view, const JsonReadLimits&);
  friend class JsonParser;

  void shrink();

  struct Frame {
    std::size_t base;  // where the container's first value lies on the value stack
    bool object;
  };
  static constexpr std::size_t key_slots = 2048;

  OwnedRef decode_error_;
  // Strings with their hash computed. The next key that falls on a slot replaces what is there, so
  // a stranger's keys cost misses and never memory.
  std::array<PyObject*, key_slots> keys_{};
  std::vector<PyObject*> values_;  // the value stack; the parser counts what is in use
  std::vector<Frame> frames_;
  std::vector<std::size_t> key_offsets_;  // filled only when duplicates are refused
  http::json::Utf8Decoder utf8_;
  std::vector<char> unescaped_;
  std::vector<char> padded_;
  // A finalizer that runs meanwhile may want to read JSON too; it gets a reader of its own.
  bool busy_ = false;
};

// A new reference, or null with JSONDecodeError set. The text may lie anywhere; it is not kept.
PyObject* json_read(JsonReader& reader, std::string_view text, const JsonReadLimits& limits);

// The same for text that a NUL octet follows, as in bytes and str: large texts are not copied.
PyObject* json_read_terminated(JsonReader& reader, std::string_view text,
                               const JsonReadLimits& limits);

}  // namespace noria::py

// JSON text to Python objects in one pass, on an explicit stack, by RFC 8259 and nothing more.
// One reader belongs to one thread at a time; it keeps the keys it has seen so that the records of
// a service share their key strings.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

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

  struct Frame {
    std::uint32_t base;    // first value of this container on the value stack
    std::uint32_t offset;  // reserved for the opening octet, for messages
    bool object;
  };
  static constexpr std::size_t key_slots = 2048;
  static constexpr std::size_t key_bytes_max = 64;

  OwnedRef decode_error_;
  // Unicode objects with their hash computed; a slot is replaced by the next key that falls on it.
  std::array<PyObject*, key_slots> keys_{};
  std::vector<PyObject*> values_;
  std::vector<std::size_t> key_offsets_;
  std::vector<char> unescaped_;
  std::vector<char> padded_;
  bool busy_ = false;
};

// A new reference, or null with JSONDecodeError set. The text may lie anywhere; it is not kept.
PyObject* json_read(JsonReader& reader, std::string_view text, const JsonReadLimits& limits);

// The same for text that is followed by a NUL octet, as in bytes and str: large texts are not
// copied.
PyObject* json_read_terminated(JsonReader& reader, std::string_view text,
                               const JsonReadLimits& limits);

}  // namespace noria::py

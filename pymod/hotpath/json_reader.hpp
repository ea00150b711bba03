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

#include "core/memory/scratch_buffer.hpp"
#include "http/json/utf8.hpp"
#include "pymod/hotpath/dict_shapes.hpp"
#include "pymod/hotpath/fresh_values.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct JsonReadLimits {
  std::uint32_t depth_max = 1024;         // LIM-060
  std::uint32_t number_bytes_max = 4300;  // LIM-061, the sign not counted
  bool reject_duplicate_keys = false;     // JSN-006
};

// What a reader keeps between texts. Its owner only constructs it; the parser uses the members.
struct JsonReader {
  // A container that is being read.
  struct Frame {
    std::size_t base;  // where its first value lies on the value stack
    bool object;
  };
  static constexpr std::size_t key_slots = 2048;

  // `decode_error` is the module's JSONDecodeError; the reader keeps it alive.
  explicit JsonReader(BorrowedRef decode_error);
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;
  ~JsonReader();

  // Frees the memory by which one large text has grown the buffers.
  void shrink();

  OwnedRef decode_error;
  // Strings with their hash computed. The next key that falls on a slot replaces the key there, so
  // unknown keys cost misses and never memory.
  std::array<PyObject*, key_slots> keys{};
  DictShapes shapes;
  Integers integers;
  ScratchBuffer<PyObject*> values;  // the value stack; the parser counts what is in use
  std::vector<Frame> frames;
  ScratchBuffer<std::size_t> key_offsets;  // filled only when duplicates are refused
  http::json::Utf8Decoder utf8;
  ScratchBuffer<char> unescaped;
  ScratchBuffer<char> padded;
  // A text is being read. A finalizer that reads JSON meanwhile gets a reader of its own.
  bool busy = false;
};

// A new reference, or null with JSONDecodeError set. The text may lie anywhere; it is not kept.
PyObject* json_read(JsonReader& reader, std::string_view text, const JsonReadLimits& limits);

// Like json_read(), for text that a NUL octet follows, as in bytes and str: large texts are not
// copied.
PyObject* json_read_terminated(JsonReader& reader, std::string_view text,
                               const JsonReadLimits& limits);

// Whether the reader would take the text, which a NUL follows; false with JSONDecodeError set. For
// other libraries' decoders: it makes no objects unless duplicate keys are refused.
bool json_check(JsonReader& reader, std::string_view text, const JsonReadLimits& limits);

}  // namespace pelton::py

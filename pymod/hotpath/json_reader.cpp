#include "pymod/hotpath/json_reader.hpp"

#include <algorithm>
#include <cstring>

#include "http/json/text_check.hpp"
#include "pymod/hotpath/json_parser.hpp"

namespace pelton::py {
namespace {

// Texts up to this size are copied to a buffer whose octets after the text may be read; for larger
// texts the scalar tail of the last block is cheaper than the copy.
constexpr std::size_t copied_bytes_max = 4096;
constexpr std::size_t padding_bytes = 64;
// A buffer that one large text has grown beyond this is not kept.
constexpr std::size_t kept_bytes_max = 1 << 20;

// Everything made here is alive and acyclic until the text is read, so collections in between
// could only cost time. (A free-threaded collector would have to stop other threads: left alone.)
class CollectorPause {
 public:
#ifdef Py_GIL_DISABLED
  CollectorPause() = default;
#else
  CollectorPause() : was_enabled_(PyGC_Disable() != 0) {}
  ~CollectorPause() {
    if (was_enabled_) PyGC_Enable();
  }

 private:
  bool was_enabled_;
#endif
};

}  // namespace

JsonReader::JsonReader(BorrowedRef error) : decode_error(OwnedRef::share(error)) {}

JsonReader::~JsonReader() {
  for (PyObject* key : keys) Py_XDECREF(key);
}

void JsonReader::shrink() {
  padded.shrink(kept_bytes_max);
  unescaped.shrink(kept_bytes_max);
  values.shrink(kept_bytes_max);
  key_offsets.shrink(kept_bytes_max);
  utf8.shrink(kept_bytes_max);
}

PyObject* json_read(JsonReader& reader, std::string_view text, const JsonReadLimits& limits) {
  if (reader.busy) {
    JsonReader other(reader.decode_error);
    return json_read(other, text, limits);
  }
  ScratchBuffer<char>& padded = reader.padded;
  if (!padded.grow_to(text.size() + padding_bytes)) [[unlikely]]
    return PyErr_NoMemory();
  std::ranges::copy(text, padded.data());  // an empty text may have no address
  std::memset(padded.data() + text.size(), 0, padding_bytes);

  reader.busy = true;
  PyObject* result;
  {
    const CollectorPause pause;
    const std::string_view copy(padded.data(), text.size());
    result = JsonParser(reader, copy, copy.data() + copy.size() + padding_bytes, limits).parse();
  }
  reader.busy = false;
  reader.shrink();
  return result;
}

PyObject* json_read_terminated(JsonReader& reader, std::string_view text,
                               const JsonReadLimits& limits) {
  if (text.size() <= copied_bytes_max || reader.busy) return json_read(reader, text, limits);
  reader.busy = true;
  PyObject* result;
  {
    const CollectorPause pause;
    result = JsonParser(reader, text, text.data() + text.size(), limits).parse();
  }
  reader.busy = false;
  reader.shrink();
  return result;
}

bool json_check(JsonReader& reader, std::string_view text, const JsonReadLimits& limits) {
  const http::json::TextLimits wanted{.depth_max = limits.depth_max,
                                      .number_bytes_max = limits.number_bytes_max};
  // Keys are compared with their escapes resolved, so finding duplicates needs a full read.
  if (!limits.reject_duplicate_keys && http::json::is_text_within(text, wanted)) return true;
  return static_cast<bool>(OwnedRef(json_read_terminated(reader, text, limits)));
}

}  // namespace pelton::py

// Strings that are more than plain ASCII: something to escape, or wider characters.
#include <algorithm>

#include "http/json/plain_copy.hpp"
#include "http/json/string_write.hpp"
#include "pymod/hotpath/json_encoder.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {
namespace {

namespace json = http::json;

// A string with something to escape is written in pieces of this many octets, so that the room
// for the worst case stays small.
constexpr std::size_t piece_bytes = 1024;

}  // namespace

char* JsonEncoder::write_special_string(char* out, const char* text, std::size_t bytes) {
  out = ensure(out, 1);
  if (out == nullptr) return nullptr;
  *out++ = '"';
  for (;;) {
    const std::size_t piece = std::min(bytes, piece_bytes);
    out = ensure(
        out, json::escaped_bytes_max * piece + json::escape_slack_bytes + 1 + punctuation_bytes);
    if (out == nullptr) return nullptr;
    out = json::write_utf8_string(out, text, piece);
    text += piece;
    bytes -= piece;
    if (bytes == 0) break;
  }
  *out++ = '"';
  return out;
}

char* JsonEncoder::write_wide_string(char* out, PyObject* text) {
  if (!make_ready(text)) return nullptr;
  const auto count = static_cast<std::size_t>(PyUnicode_GET_LENGTH(text));
  out = ensure(out, 1);
  if (out == nullptr) return nullptr;
  *out++ = '"';
  for (std::size_t done = 0; done < count;) {
    const std::size_t piece = std::min(count - done, piece_bytes);
    out = ensure(
        out, json::escaped_bytes_max * piece + json::escape_slack_bytes + 1 + punctuation_bytes);
    if (out == nullptr) return nullptr;
    switch (PyUnicode_KIND(text)) {
      case PyUnicode_1BYTE_KIND:
        out = json::write_units(out, PyUnicode_1BYTE_DATA(text) + done, piece);
        break;
      case PyUnicode_2BYTE_KIND:
        out = json::write_units(out, PyUnicode_2BYTE_DATA(text) + done, piece);
        break;
      default:
        out = json::write_units(out, PyUnicode_4BYTE_DATA(text) + done, piece);
        break;
    }
    if (out == nullptr) return refuse("a str with a lone surrogate");
    done += piece;
  }
  *out++ = '"';
  return out;
}

}  // namespace pelton::py

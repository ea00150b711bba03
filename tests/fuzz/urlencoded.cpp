// urlencoded bodies: the fields are those of a query, however the body is cut (SEG-006).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.hpp"
#include "http/forms/urlencoded_parser.hpp"

namespace {

using namespace pelton::http;
using Event = UrlencodedParser::Event;

constexpr std::size_t fields_max = 32;

bool note(const UrlencodedParser::Step& step, std::string& heard) {
  if (step.event == Event::field) {
    heard.append(step.field.key).append("=").append(step.field.value).append("&");
  }
  if (step.event == Event::failed) heard += '!';
  return step.event == Event::field;
}

std::string heard(std::string_view body, std::size_t piece_bytes) {
  std::string all;
  UrlencodedParser parser(fields_max);
  for (std::size_t at = 0; at < body.size(); at += std::min(piece_bytes, body.size() - at)) {
    const std::string piece(body.substr(at, piece_bytes));
    std::string_view rest = piece;
    UrlencodedParser::Step step;
    do {
      step = parser.read(rest);
      rest.remove_prefix(step.consumed_bytes);
    } while (note(step, all));
    if (step.event == Event::failed) return all;
    CHECK(rest.empty());
  }
  note(parser.finish(), all);
  return all;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

// octet 0: how it is cut; the rest: the body.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  if (bytes == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, bytes - 1);
  const std::string whole = heard(body, body.size() + 1);
  CHECK(whole == heard(body, std::size_t{1} + data[0]));
  std::string expected;
  QueryField field;
  std::size_t count = 0;
  for (QueryFields fields(body); fields.next(field);) {
    if (++count > fields_max) {
      expected += '!';
      break;
    }
    expected.append(field.key).append("=").append(field.value).append("&");
  }
  CHECK(whole == expected);
  return 0;
}

// The parts of the JSON codec that need no Python: strings, numbers and UTF-8 of any octets, the
// twins against each other, and what is written against what was read.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/check.hpp"
#include "http/json/number_scan.hpp"
#include "http/json/number_write.hpp"
#include "http/json/plain_copy.hpp"
#include "http/json/string_scan.hpp"
#include "http/json/string_write.hpp"
#include "http/json/utf8.hpp"

namespace {

using namespace pelton::http::json;

void check_number(const char* begin, const char* end) {
  if (*begin != '-' && (*begin < '0' || *begin > '9')) return;
  const Number number = scan_number(begin, end);
  CHECK(number.end > begin || number.kind == NumberKind::malformed);
  CHECK(number.end <= end);
  if (number.kind != NumberKind::real) return;
  char text[real_bytes_max];
  const std::string written(text, write_real(text, number.real));
  const Number again = scan_number(written.data(), written.data() + written.size());
  CHECK(again.kind == NumberKind::real);
  CHECK(std::bit_cast<std::uint64_t>(again.real) == std::bit_cast<std::uint64_t>(number.real));
}

void check_strings(const std::string& text) {
  const char* const end = text.data() + text.size();
  const StringRun run = scan_string_run(text.data(), end);
  const StringRun twin = scan_string_run<PortableBlock>(text.data(), end);
  CHECK(run.stop == twin.stop);
  CHECK(run.ascii == twin.ascii);

  std::vector<char> room(escaped_bytes_max * text.size() + escape_slack_bytes);
  const std::string escaped(room.data(), write_utf8_string(room.data(), text.data(), text.size()));
  const std::string alike(room.data(),
                          write_utf8_string<PortableBlock>(room.data(), text.data(), text.size()));
  CHECK(escaped == alike);
  // Only what needed no escape may pass as plain.
  room.resize(room.size() + short_bytes_max);
  for (const CopyPlain copy : plain_copies()) {
    CHECK(copy(room.data(), text.data(), text.size()) == (escaped == text));
  }
}

void check_utf8(const std::string& text) {
  Utf8Decoder decoder;
  const Utf8Decoder::Result decoded = decoder.decode(text);
  if (decoded.invalid_offset != Utf8Decoder::valid) {
    CHECK(decoded.invalid_offset < text.size());
    return;
  }
  std::vector<char> room(escaped_bytes_max * decoded.count + escape_slack_bytes);
  const char* const end = decoded.narrow != nullptr
                              ? write_units(room.data(), decoded.narrow, decoded.count)
                              : write_units(room.data(), decoded.wide, decoded.count);
  CHECK(end != nullptr);
  std::vector<char> direct(escaped_bytes_max * text.size() + escape_slack_bytes);
  const char* const direct_end = write_utf8_string(direct.data(), text.data(), text.size());
  const std::string_view one(room.data(), static_cast<std::size_t>(end - room.data()));
  const std::string_view other(direct.data(), static_cast<std::size_t>(direct_end - direct.data()));
  CHECK(one == other);
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  std::string text;
  if (bytes > 0) text.assign(reinterpret_cast<const char*>(data), bytes);  // null when empty
  check_number(text.data(), text.data() + text.size());
  check_strings(text);
  check_utf8(text);
  return 0;
}

// A table and requests to it from one input: the roads through the table agree with the naive
// router, and values and answers stay within what was asked.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.hpp"
#include "http/message/octets.hpp"
#include "http/routing/router.hpp"
#include "tests/http/routing/naive_router.hpp"
#include "tests/http/routing/routes.hpp"

namespace {

using namespace pelton::http;

constexpr std::size_t lines_max = 24;
constexpr std::size_t line_bytes_max = 64;

// Regular expressions come from a fixed list: the naive router's own library is not on trial.
bool has_foreign_regex(const Pattern& pattern) {
  for (const PatternParameter& parameter : pattern.parameters) {
    if (parameter.converter != Converter::regex) continue;
    if (parameter.regex != "[ab]+" && parameter.regex != "a|1.*") return true;
  }
  return false;
}

void add(Router& router, NaiveRouter& naive, std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == line.npos) return;
  const std::string_view method = line.substr(0, space);
  const std::string_view text = line.substr(space + 1);
  const auto pattern = Pattern::parse(text);
  if (pattern && has_foreign_regex(*pattern)) return;
  const auto added = router.add({&method, 1}, text, test_regexes());
  CHECK(pattern || !added);
  if (!pattern || (!added && added.error().problem != RouteProblem::conflict)) return;
  std::string upper(method);
  for (char& octet : upper) {
    if (octet >= 'a' && octet <= 'z') octet = static_cast<char>(octet - 32);
  }
  const auto other = naive.add(upper, text);
  CHECK(added.has_value() != other.has_value());
  if (added) {
    router.settings(*added).tag = *added;
  } else {
    CHECK(added.error().other == *other);
  }
}

void request(Routes& routes, const NaiveRouter& naive, std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == line.npos || !line.substr(space + 1).starts_with('/')) return;
  // The parser lets nothing else into a path (H1-020).
  const bool is_target = std::ranges::all_of(
      line.substr(space + 1), [](char octet) { return octet_is(octet, octet_target); });
  if (!is_target || line.contains('?')) return;
  CHECK(routes(line) == naive(line));
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

// Lines "METHOD /template" up to an empty one, then lines "METHOD /path".
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  std::string_view octets{reinterpret_cast<const char*>(data), bytes};
  Router router;
  NaiveRouter naive;
  const auto next_line = [&] {
    const std::string_view line = octets.substr(0, octets.find('\n'));
    octets.remove_prefix(std::min(line.size() + 1, octets.size()));
    return line.substr(0, line_bytes_max);
  };
  for (std::size_t count = 0; count < lines_max && !octets.empty(); ++count) {
    const std::string_view line = next_line();
    if (line.empty()) break;
    add(router, naive, line);
  }
  Routes routes(std::move(router));
  for (std::size_t count = 0; count < lines_max && !octets.empty(); ++count) {
    request(routes, naive, next_line());
  }
  return 0;
}

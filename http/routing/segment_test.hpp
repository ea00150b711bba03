// Regular expressions are tested by the code that registered the route: Python's re for Python's
// routes.
#pragma once

#include <optional>
#include <string_view>

namespace pelton::http {

struct SegmentTest {
  // Whether the decoded segment, without the literals around the parameter, matches as a whole.
  bool (*call)(void* context, std::string_view decoded) = nullptr;
  void* context = nullptr;

  bool operator()(std::string_view decoded) const { return call(context, decoded); }
};

// Makes a test from a pattern; nothing if the pattern is no regular expression. The caller owns the
// contexts, which outlive the table.
struct SegmentTestMaker {
  std::optional<SegmentTest> (*call)(void* context, std::string_view pattern) = nullptr;
  void* context = nullptr;

  std::optional<SegmentTest> operator()(std::string_view pattern) const {
    return call == nullptr ? std::nullopt : call(context, pattern);
  }
};

}  // namespace pelton::http

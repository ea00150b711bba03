// A request head as a middleware sees it, read from octets that it keeps.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/h1/head_parser.hpp"

namespace pelton::http::middleware {

class ParsedRequest {
 public:
  // The lines behind those of the request and Host, each with its CRLF.
  explicit ParsedRequest(std::string_view lines, std::string_view method = "GET")
      : octets_(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n"),
        fields_(limits_.header_count_max),
        parser_(limits_, fields_, scanner_for(CpuFeatures::of_this_machine())) {
    EXPECT_EQ(parser_.parse(octets_), Verdict::complete) << octets_;
  }

  RequestHead& head() { return parser_.head(); }
  const RequestHead& head() const { return parser_.head(); }

 private:
  HeadLimits limits_;
  std::string octets_;
  std::vector<Field> fields_;
  HeadParser parser_;
};

// Fields as one text: "Vary: Origin; X: y; ".
inline std::string told(std::span<const FieldView> fields) {
  std::string text;
  for (const FieldView& field : fields) {
    text.append(field.name).append(": ").append(field.value).append("; ");
  }
  return text;
}

}  // namespace pelton::http::middleware

#include "http/h1/field_values.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

std::string_view trimmed(std::string_view raw) {
  const std::size_t begin = raw.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return raw.substr(raw.size());
  return raw.substr(begin, raw.find_last_not_of(" \t") - begin + 1);
}

TEST(FieldValues, H1_054_content_length) {
  const auto length = [](std::string_view raw) {
    std::uint64_t value = 77;
    const Reason reason = judge_content_length(raw, trimmed(raw), value);
    return reason == Reason::none ? std::to_string(value) : std::string(reason_row(reason).word);
  };
  EXPECT_EQ(length(" 0"), "0");
  EXPECT_EQ(length("  42 "), "42");
  EXPECT_EQ(length(" 9223372036854775807"), "9223372036854775807");
  for (const char* raw : {"", " ", " 9223372036854775808", " 00", " 01", " +1", " 1,1", "\t1",
                          " 1\t", " 0x1", " 1 1", " 18446744073709551617"}) {
    EXPECT_EQ(length(raw), "content_length") << raw;
  }
}

TEST(FieldValues, H1_052_H1_053_transfer_encoding) {
  const auto judged = [](std::string_view raw) {
    return reason_row(judge_transfer_encoding(raw, trimmed(raw))).word;
  };
  for (const char* raw : {"chunked", " Chunked ", "  CHUNKED"})
    EXPECT_EQ(judged(raw), "none") << raw;
  for (const char* raw : {"gzip, chunked", "a,b , c,chunked"}) {
    EXPECT_EQ(judged(raw), "transfer_coding_unknown") << raw;
  }
  for (const char* raw :
       {"", " ", ",", "chunked,", ",chunked", "gzip", "chunked, gzip", "\tchunked", "chunked\t",
        "chunked, chunked", "gzip,, chunked", "gzip;a, chunked", "identity", "\"chunked\""}) {
    EXPECT_EQ(judged(raw), "transfer_encoding") << raw;
  }
}

TEST(FieldValues, H1_076_connection) {
  const auto read = [](std::initializer_list<const char*> lines) {
    ConnectionOptions options;
    for (const char* line : lines) read_connection(line, options);
    return std::string(options.close ? "close" : "") + (options.keep_alive ? "keep-alive" : "");
  };
  EXPECT_EQ(read({}), "");
  EXPECT_EQ(read({""}), "");
  EXPECT_EQ(read({"close"}), "close");
  EXPECT_EQ(read({"Keep-Alive"}), "keep-alive");
  EXPECT_EQ(read({"a, ,CLOSE ,b"}), "close");
  EXPECT_EQ(read({"keep-alive", "x", "close"}), "closekeep-alive");
  EXPECT_EQ(read({"close;a", "closed", "\"close\"", "keep_alive"}), "");
}

}  // namespace
}  // namespace pelton::http

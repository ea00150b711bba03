#include "http/routing/conversion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace pelton::http {
namespace {

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  if (!read_integer(text, value)) return std::nullopt;
  return value;
}

std::optional<double> real(std::string_view text) {
  double value = 1;
  if (!read_real(text, value)) return std::nullopt;
  return value;
}

TEST(Conversion, integers_within_signed_64_bits) {
  EXPECT_EQ(integer("0"), 0);
  EXPECT_EQ(integer("-0"), 0);
  EXPECT_EQ(integer("007"), 7);
  EXPECT_EQ(integer("-42"), -42);
  EXPECT_EQ(integer("999999999999999999"), 999'999'999'999'999'999);
  EXPECT_EQ(integer("9223372036854775806"), std::numeric_limits<std::int64_t>::max() - 1);
  EXPECT_EQ(integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("-9223372036854775807"), std::numeric_limits<std::int64_t>::min() + 1);
  EXPECT_EQ(integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(integer("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(integer("18446744073709551616"), std::nullopt);
  EXPECT_EQ(integer("99999999999999999999999999"), std::nullopt);
  EXPECT_EQ(integer("00000000000000000000000000012"), 12);
}

TEST(Conversion, what_is_no_integer) {
  for (const std::string_view text : {"", "-", "+1", "--1", "1-", "1.0", "1e3", " 1", "1 ", "0x1",
                                      "1_000", "\xD9\xA1", "a", "12345678901234567890x"}) {
    EXPECT_EQ(integer(text), std::nullopt) << text;
  }
}

TEST(Conversion, reals_without_exponent) {
  EXPECT_EQ(real("0"), 0.0);
  EXPECT_EQ(real("12"), 12.0);
  EXPECT_EQ(real("-1.50"), -1.5);
  EXPECT_EQ(real("0.1"), 0.1);
  EXPECT_EQ(real("9007199254740993"), 9007199254740992.0);
  EXPECT_TRUE(std::signbit(*real("-0")));
  EXPECT_TRUE(std::signbit(*real("-0.0")));
  for (const std::string_view text : {"", "-", ".", "1.", ".5", "+1", "1e3", "1.5e3", "nan", "inf",
                                      "-inf", "1.2.3", "1,5", "0x1", " 1", "1 ", "--1", "1.-5"}) {
    EXPECT_EQ(real(text), std::nullopt) << text;
  }
}

TEST(Conversion, reals_at_the_ends_of_the_range) {
  const std::string zeros(400, '0');
  const std::string nines(309, '9');
  EXPECT_EQ(real(nines), std::nullopt);
  EXPECT_EQ(real(std::string("-").append(nines)), std::nullopt);
  EXPECT_EQ(real(std::string(308, '9')), 1e308);
  EXPECT_EQ(real(std::string("0.").append(zeros).append("1")), 0.0);
  EXPECT_TRUE(std::signbit(*real(std::string("-0.").append(zeros).append("1"))));
  EXPECT_EQ(real(std::string("0.").append(323, '0').append("5")), 5e-324);
  EXPECT_EQ(real(std::string(zeros).append("1.5")), 1.5);
}

TEST(Conversion, uuids_with_hyphens_in_any_case) {
  EXPECT_TRUE(is_uuid("01234567-89ab-cdef-0123-456789ABCDEF"));
  for (const std::string_view text :
       {"", "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789ABCDE",
        "01234567-89ab-cdef-0123-456789ABCDEF0", "01234567-89ab-cdef-0123-456789ABCDEG",
        "0123456--89ab-cdef-0123-456789ABCDEF", "01234567089ab-cdef-0123-456789ABCDEF",
        "{1234567-89ab-cdef-0123-456789ABCDE}"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

}  // namespace
}  // namespace pelton::http

// JSN-003 and JSN-004: integers exact, floats to nearest, everything else refused.
#include "http/json/number_scan.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace pelton::http::json {
namespace {

// The short cuts say the same as the long way, or nothing: whatever stands behind the number, and
// in both twins of a block.
template <class Block>
void expect_short_cuts_agree(const std::string& text, const Number& number) {
  const auto bytes = static_cast<std::size_t>(number.end - text.data()) - number.negative;
  for (const char behind : {'\0', ',', '}', ' ', '9', '.', 'e', '-'}) {
    const std::string padded =
        text + '\0' + std::string(static_cast<std::size_t>(number_window_bytes), behind);
    const char* const digits = padded.data() + number.negative;
    if (const unsigned count = short_integer_digits<Block>(digits); count != 0) {
      ASSERT_EQ(number.kind, NumberKind::integer) << text;
      ASSERT_EQ(count, bytes) << text;
      ASSERT_EQ(short_integer(digits, count), number.magnitude) << text;
    } else {
      ASSERT_TRUE(number.kind != NumberKind::integer || bytes > 15) << text;
    }
    double real = 0;
    const char* end = nullptr;
    if (scan_usual_real<Block>(digits, real, end)) {
      ASSERT_EQ(number.kind, NumberKind::real) << text;
      ASSERT_EQ(static_cast<std::size_t>(end - digits), bytes) << text;
      ASSERT_EQ(real, std::fabs(number.real)) << text;
    }
  }
}

// The text on the heap with nothing but its NUL behind it, so that reading further is found.
Number scan(const std::string& text) {
  const std::vector<char> exact(text.c_str(), text.c_str() + text.size() + 1);
  Number number = scan_number(exact.data(), exact.data() + text.size());
  number.end = text.data() + (number.end - exact.data());
  expect_short_cuts_agree<ScanBlock>(text, number);
  expect_short_cuts_agree<PortableBlock>(text, number);
  return number;
}

TEST(NumberScan, JSN_003_integers_are_exact_to_64_bits_and_told_beyond) {
  struct Case {
    const char* text;
    NumberKind kind;
    std::uint64_t magnitude;
  };
  for (const Case& c :
       std::vector<Case>{{"0", NumberKind::integer, 0},
                         {"-0", NumberKind::integer, 0},
                         {"7", NumberKind::integer, 7},
                         {"1234", NumberKind::integer, 1234},
                         {"12345", NumberKind::integer, 12345},
                         {"123456789012", NumberKind::integer, 123456789012},
                         {"9223372036854775807", NumberKind::integer, 9223372036854775807u},
                         {"-9223372036854775808", NumberKind::integer, 9223372036854775808u},
                         {"18446744073709551615", NumberKind::integer, 18446744073709551615u},
                         {"18446744073709551616", NumberKind::big_integer, 0},
                         {"20000000000000000000", NumberKind::big_integer, 0},
                         {"99999999999999999999", NumberKind::big_integer, 0},
                         {"100000000000000000000", NumberKind::big_integer, 0}}) {
    const std::string text = c.text;
    const Number number = scan(text);
    EXPECT_EQ(number.kind, c.kind) << c.text;
    EXPECT_EQ(number.negative, *c.text == '-') << c.text;
    EXPECT_EQ(*number.end, '\0') << c.text;
    if (c.kind == NumberKind::integer) {
      EXPECT_EQ(number.magnitude, c.magnitude) << c.text;
    }
  }
}

TEST(NumberScan, stops_at_the_octet_behind_the_number) {
  for (const char* text : {"1,", "12]", "0}", "1234 ", "123456789x", "1.5,", "1e5]", "0.25 "}) {
    const std::string whole = text;
    const Number number = scan(whole);
    EXPECT_NE(number.kind, NumberKind::malformed) << whole;
    EXPECT_EQ(number.end, whole.data() + whole.size() - 1) << whole;
  }
}

TEST(NumberScan, JSN_004_what_is_no_number_is_refused_where_it_stops_being_one) {
  struct Case {
    const char* text;
    std::size_t stop;
  };
  for (const Case& c : std::vector<Case>{{"-", 1},
                                         {"--1", 1},
                                         {"-a", 1},
                                         {"00", 1},
                                         {"-01", 2},
                                         {"1.", 2},
                                         {"1.e5", 2},
                                         {"1e", 2},
                                         {"1e+", 3},
                                         {"1e-", 3},
                                         {"1.5E", 4},
                                         {"-.5", 1}}) {
    const std::string text = c.text;
    const Number number = scan(text);
    EXPECT_EQ(number.kind, NumberKind::malformed) << text;
    EXPECT_EQ(number.end, text.data() + c.stop) << text;
  }
}

void expect_as_standard(const std::string& text) {
  double expected = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), expected);
  ASSERT_EQ(end, text.data() + text.size()) << text;
  const Number number = scan(text);
  if (error == std::errc{}) {
    ASSERT_EQ(number.kind, NumberKind::real) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(number.real), std::bit_cast<std::uint64_t>(expected))
        << text;
  }
  ASSERT_EQ(number.end, text.data() + text.size()) << text;
}

TEST(NumberScan, JSN_004_floats_round_to_nearest_on_chosen_edges) {
  for (const char* text : {"0.0",
                           "-0.0",
                           "0e5",
                           "0.000e-7",
                           "1.0",
                           "0.1",
                           "0.3",
                           "1e22",
                           "1e23",
                           "-1e-22",
                           "9007199254740993.0",
                           "9007199254740992.5",
                           "9007199254740991e0",
                           "2.2250738585072011e-308",
                           "2.2250738585072014e-308",
                           "4.9e-324",
                           "5e-324",
                           "2.5e-324",
                           "1.7976931348623157e308",
                           "1.7976931348623158e308",
                           "123456789012345678901234567890.5",
                           "0.1000000000000000055511151231257827021181583404541015625",
                           "1.00000000000000011102230246251565404236316680908203125",
                           "1.00000000000000011102230246251565404236316680908203124",
                           "1.00000000000000033306690738754696212708950042724609375",
                           "8.5e15",
                           "1e-5",
                           "1E5",
                           "1E+5",
                           "0.00000000000000000000000000000000000000012345678901234567890123",
                           "5.0e-20",
                           "67536228609141569109e-133",
                           "2989102097996e-312",
                           "1.5e+0001"}) {
    expect_as_standard(text);
  }
}

TEST(NumberScan, JSN_004_overflow_is_told_and_underflow_is_zero) {
  for (const char* text : {"1e309", "1e400", "-1e400", "1.8e308", "1e99999999999999999999",
                           "100000e304", "123456789012345678901e300"}) {
    EXPECT_EQ(scan(text).kind, NumberKind::overflow) << text;
  }
  const std::string many_digits(400, '9');
  EXPECT_EQ(scan(many_digits + ".5").kind, NumberKind::overflow);
  for (const char* text :
       {"1e-400", "2e-324", "1e-99999999999999999999", "0.00001e-400", "0e999999999999999999999"}) {
    const Number number = scan(text);
    EXPECT_EQ(number.kind, NumberKind::real) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(number.real), 0u) << text;
  }
  const Number number = scan("-1e-400");
  EXPECT_EQ(std::bit_cast<std::uint64_t>(number.real), std::bit_cast<std::uint64_t>(-0.0));
}

TEST(NumberScan, JSN_004_floats_round_to_nearest_on_random_texts) {
  support::SeededRandom random(3);
  for (int i = 0; i < 300'000; ++i) {
    std::string text = random.chance(0.5) ? "-" : "";
    text += std::to_string(random.next() >> random.below(64));
    if (random.chance(0.8)) {
      text += '.';
      const std::uint64_t digits = 1 + random.below(random.chance(0.1) ? 40 : 18);
      for (std::uint64_t d = 0; d < digits; ++d) text += static_cast<char>('0' + random.below(10));
    }
    if (random.chance(0.5) || text.find('.') == std::string::npos) {
      text += random.chance(0.5) ? "e" : "E";
      text += std::to_string(static_cast<int>(random.below(660)) - 340);
    }
    ASSERT_NO_FATAL_FAILURE(expect_as_standard(text));
  }
}

TEST(NumberScan, JSN_004_every_double_comes_back_from_seventeen_digits) {
  support::SeededRandom random(4);
  for (int i = 0; i < 300'000; ++i) {
    const double value = std::bit_cast<double>(random.next() & 0x7fffffffffffffff);
    if (!(value <= 1.7976931348623157e308)) continue;
    char text[40];
    const int bytes = std::snprintf(text, sizeof text, "%.16e", value);
    const Number number = scan(std::string(text, static_cast<std::size_t>(bytes)));
    ASSERT_EQ(number.kind, NumberKind::real);
    ASSERT_EQ(number.real, value) << text;
  }
}

TEST(NumberScan, digits_are_counted_at_every_offset_of_a_word) {
  for (std::size_t count = 1; count <= 19; ++count) {
    for (const char behind : {'\0', ',', ' ', '/', ':', '\x7f', '\x80', '\xff'}) {
      const std::string digits = std::string("1234567890123456789").substr(0, count);
      const std::string text = digits + behind + "99999999";
      const Number number = scan_number(text.data(), text.data() + text.size());
      EXPECT_EQ(number.kind, NumberKind::integer);
      EXPECT_EQ(number.end, text.data() + count);
      EXPECT_EQ(number.magnitude, std::stoull(digits));
    }
  }
}

TEST(NumberScan, usual_floats_take_the_short_cut) {
  for (const std::string text : {"0.5", "12.25", "179.98765432109876", "1.2345678901234567e-250",
                                 "1e5", "1700000000.123456", "0.0001"}) {
    const std::string padded =
        text + std::string(static_cast<std::size_t>(number_window_bytes), ',');
    double real = 0;
    const char* end = nullptr;
    EXPECT_TRUE(scan_usual_real(padded.data(), real, end)) << text;
    EXPECT_EQ(end, padded.data() + text.size()) << text;
    EXPECT_EQ(real, std::stod(text)) << text;
  }
}

}  // namespace
}  // namespace pelton::http::json

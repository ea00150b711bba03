// Every scanner finds the same stops, and those that the octet classes name.
#include "http/h1/scan.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/message/octets.hpp"
#include "tests/http/h1/feed.hpp"

namespace pelton::http::testing_h1 {
namespace {

bool stops_path(char octet) {
  return !octet_is(octet, octet_target) || octet == '?' || octet == '%' || octet == '\\';
}

class ScanTest : public testing::TestWithParam<const Scanner*> {
 protected:
  // The stop at `at` among `bytes` octets that go on, in a buffer of exactly that size.
  void expect_stop(FindStop find, std::size_t bytes, std::size_t at, char octet, bool stops) {
    const std::unique_ptr<char[]> octets(new char[bytes]);
    std::fill_n(octets.get(), bytes, 'a');
    octets[at] = octet;
    const char* const end = octets.get() + bytes;
    const char* const found = find(octets.get(), end);
    ASSERT_EQ(found, stops ? octets.get() + at : end)
        << bytes << ' ' << at << ' ' << static_cast<int>(octet);
  }
};

TEST_P(ScanTest, every_octet_at_every_place_of_a_vector) {
  const Scanner& scanner = *GetParam();
  for (int value = 0; value < 256; ++value) {
    const char octet = static_cast<char>(value);
    for (const std::size_t bytes :
         {1u, 7u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 63u, 64u, 65u, 100u}) {
      for (const std::size_t at : {std::size_t{0}, bytes / 2, bytes - 1}) {
        expect_stop(scanner.path_stop, bytes, at, octet, stops_path(octet));
        expect_stop(scanner.query_stop, bytes, at, octet, !octet_is(octet, octet_target));
        expect_stop(scanner.value_stop, bytes, at, octet, !octet_is(octet, octet_field));
      }
    }
  }
}

TEST_P(ScanTest, the_first_of_two_stops) {
  for (std::size_t first = 0; first < 70; ++first) {
    std::string octets(100, 'a');
    octets[first] = '\x7f';
    octets[first + 1] = '\0';
    const char* const begin = octets.data();
    EXPECT_EQ(GetParam()->value_stop(begin, begin + octets.size()), begin + first);
    EXPECT_EQ(GetParam()->path_stop(begin, begin + octets.size()), begin + first);
    EXPECT_EQ(GetParam()->query_stop(begin, begin + octets.size()), begin + first);
  }
}

TEST_P(ScanTest, nothing_of_nothing) {
  const char octet = 'a';
  EXPECT_EQ(GetParam()->path_stop(&octet, &octet), &octet);
  EXPECT_EQ(GetParam()->query_stop(&octet, &octet), &octet);
  EXPECT_EQ(GetParam()->value_stop(&octet, &octet), &octet);
}

INSTANTIATE_TEST_SUITE_P(Scanners, ScanTest,
                         testing::ValuesIn(all_scanners().begin(), all_scanners().end()),
                         [](const auto& context) { return std::string(context.param->name); });

TEST(Scan, the_machine_decides) {
#if defined(__x86_64__)
  EXPECT_STREQ(scanner_for({.avx2 = true}).name, "avx2");
  EXPECT_STREQ(scanner_for({.avx2 = false}).name, "sse2");
#else
  EXPECT_STREQ(scanner_for({}).name, "portable");
#endif
  EXPECT_EQ(portable_scanner().lines, Scanner::Lines::octets);
}

}  // namespace
}  // namespace pelton::http::testing_h1

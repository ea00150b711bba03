#include "http/files/byte_ranges.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

struct Read {
  RangeVerdict verdict = RangeVerdict::whole;
  std::vector<ByteRange> ranges;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view value, std::uint64_t file_bytes = 100, std::size_t count_max = 16) {
  Read made;
  made.verdict = read_byte_ranges(value, file_bytes, count_max, made.ranges);
  return made;
}

Read satisfied(std::vector<ByteRange> ranges) {
  return {RangeVerdict::satisfiable, std::move(ranges)};
}

TEST(ByteRanges, STA_012_one_range) {
  EXPECT_EQ(read("bytes=0-0"), satisfied({{0, 1}}));
  EXPECT_EQ(read("bytes=10-19"), satisfied({{10, 20}}));
  EXPECT_EQ(read("bytes=10-"), satisfied({{10, 100}}));
  EXPECT_EQ(read("bytes=-10"), satisfied({{90, 100}}));
  EXPECT_EQ(read("bytes=-1000"), satisfied({{0, 100}}));
  EXPECT_EQ(read("bytes=99-1000"), satisfied({{99, 100}}));
  EXPECT_EQ(read("BYTES=1-2"), satisfied({{1, 3}}));
  EXPECT_EQ(read("bytes= 1-2\t, ,"), satisfied({{1, 3}}));
}

TEST(ByteRanges, STA_012_what_is_no_range_is_as_if_unsaid) {
  for (const char* value :
       {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=1", "bytes=2-1", "bytes=a-b",
        "bytes=1-2x", "items=1-2", "bytes 1-2", "bytes=+1-2", "bytes=1--2", "bytes=1 -2",
        "bytes=0x1-2", "bytes=1-2;3-4", "bytes=1-2,x", " bytes=1-2", "bytes =1-2"}) {
    EXPECT_EQ(read(value), Read()) << value;
  }
}

TEST(ByteRanges, STA_012_all_beyond_the_end_is_unsatisfiable) {
  const Read none{RangeVerdict::unsatisfiable, {}};
  EXPECT_EQ(read("bytes=100-"), none);
  EXPECT_EQ(read("bytes=100-200, 300-"), none);
  EXPECT_EQ(read("bytes=-0"), none);
  EXPECT_EQ(read("bytes=0-", 0), none);
  EXPECT_EQ(read("bytes=100-200, 5-6"), satisfied({{5, 7}}));
}

TEST(ByteRanges, STA_012_numbers_of_any_length) {
  const std::string nines(1000, '9');
  EXPECT_EQ(read("bytes=1-" + nines), satisfied({{1, 100}}));
  EXPECT_EQ(read("bytes=-" + nines), satisfied({{0, 100}}));
  EXPECT_EQ(read("bytes=" + nines + "-").verdict, RangeVerdict::unsatisfiable);
  EXPECT_EQ(read("bytes=18446744073709551615-18446744073709551615", ~std::uint64_t{0}).verdict,
            RangeVerdict::unsatisfiable);
  EXPECT_EQ(read("bytes=18446744073709551616-", ~std::uint64_t{0}).verdict,
            RangeVerdict::unsatisfiable);
}

TEST(ByteRanges, STA_013_sorted_and_merged) {
  EXPECT_EQ(read("bytes=50-59,0-9"), satisfied({{0, 10}, {50, 60}}));
  EXPECT_EQ(read("bytes=0-9,10-19"), satisfied({{0, 20}}));
  EXPECT_EQ(read("bytes=0-9,11-19"), satisfied({{0, 10}, {11, 20}}));
  EXPECT_EQ(read("bytes=0-50,10-20,-60"), satisfied({{0, 100}}));
  EXPECT_EQ(read("bytes=5-5,5-5,5-5"), satisfied({{5, 6}}));
}

TEST(ByteRanges, LIM_065_as_many_as_may_be) {
  for (const std::size_t n : {2, 3, 16}) {
    const auto asked = [](std::size_t count) {
      std::string value = "bytes=";
      for (std::size_t index = 0; index < count; ++index) {
        const std::string number = std::to_string(3 * index);
        value.append(number).append("-").append(number).append(",");
      }
      return value;
    };
    // n - 1, n and n + 1 ranges where n may be
    EXPECT_EQ(read(asked(n - 1), 100, n).ranges.size(), n - 1);
    EXPECT_EQ(read(asked(n), 100, n).ranges.size(), n);
    EXPECT_EQ(read(asked(n + 1), 100, n), (Read{RangeVerdict::too_many, {}}));
  }
  EXPECT_EQ(read("bytes=1-2", 100, 0).verdict, RangeVerdict::too_many);
  // Malformed is malformed, however many there are.
  EXPECT_EQ(read("bytes=1-2,3-4,x", 100, 1).verdict, RangeVerdict::whole);
}

}  // namespace
}  // namespace pelton::http

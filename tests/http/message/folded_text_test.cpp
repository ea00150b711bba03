#include "http/message/folded_text.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace pelton::http {
namespace {

// Every octet at every place: equal only to itself and, of a letter, to its other case.
template <FoldedText text>
void expect_exact() {
  std::string octets(text.octets, text.bytes);
  EXPECT_TRUE(folds_to<text>(std::string_view(octets)));
  for (char& octet : octets) {
    const char kept = octet;
    for (int value = 0; value < 256; ++value) {
      octet = static_cast<char>(value);
      const bool same = octet == kept || (std::islower(kept) != 0 && value == std::toupper(kept));
      EXPECT_EQ(folds_to<text>(std::string_view(octets)), same) << octets;
    }
    octet = kept;
  }
  EXPECT_FALSE(folds_to<text>(std::string_view(octets + "x")));
  EXPECT_FALSE(folds_to<text>(std::string_view(octets).substr(1)));
}

TEST(FoldedText, equals_in_any_case_and_nothing_else) {
  expect_exact<"host">();
  expect_exact<"close">();
  expect_exact<"chunked">();
  expect_exact<"a-b_c9de">();
  expect_exact<"100-continue">();
  expect_exact<"sixteen-octets-x">();
  expect_exact<"transfer-encoding">();
  expect_exact<"twenty-four-octets-long-">();
}

}  // namespace
}  // namespace pelton::http

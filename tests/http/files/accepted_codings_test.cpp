#include "http/files/accepted_codings.hpp"

#include <gtest/gtest.h>

#include "tests/http/files/asked.hpp"

namespace pelton::http {
namespace {

std::string accepted(const std::vector<std::string>& values) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string& value : values) fields.emplace_back("accept-encoding", value);
  const Asked asked(fields);
  std::string names;
  const AcceptedCodings codings(asked.head());
  for (const FileCoding* coding : codings.best_first()) {
    if (!names.empty()) names += ' ';
    names += coding->name;
  }
  return names;
}

TEST(AcceptedCodings, STA_015_by_weight_then_ours) {
  EXPECT_EQ(accepted({}), "");
  EXPECT_EQ(accepted({"gzip"}), "gzip");
  EXPECT_EQ(accepted({"gzip, deflate, br, zstd"}), "zstd br gzip");
  EXPECT_EQ(accepted({"GZIP;q=1.0, br;q=0.5"}), "gzip br");
  EXPECT_EQ(accepted({"gzip;q=0.5", "br;Q=0.501"}), "br gzip");
  EXPECT_EQ(accepted({"x-gzip"}), "gzip");
  EXPECT_EQ(accepted({"*"}), "zstd br gzip");
  EXPECT_EQ(accepted({"*;q=0.1, gzip"}), "gzip zstd br");
  EXPECT_EQ(accepted({"zstd;q=0, *"}), "br gzip");
}

TEST(AcceptedCodings, STA_015_what_is_refused_is_not_sent) {
  EXPECT_EQ(accepted({""}), "");
  EXPECT_EQ(accepted({"identity"}), "");
  EXPECT_EQ(accepted({"gzip;q=0"}), "");
  EXPECT_EQ(accepted({"gzip;q=0.000"}), "");
  EXPECT_EQ(accepted({"*;q=0"}), "");
  EXPECT_EQ(accepted({"identity;q=1, gzip;q=0.5"}), "");
  for (const char* weight : {"q", "q=", "q=x", "q=2", "q=0.0000", "q=0,5", "level=9", "q=1x"}) {
    EXPECT_EQ(accepted({std::string("gzip;") + weight}), "") << weight;
  }
}

}  // namespace
}  // namespace pelton::http

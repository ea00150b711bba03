#include "http/message/response_defaults.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

TEST(ResponseDefaults, a_date_and_nothing_else_unless_told) {
  ResponseDefaults defaults;
  EXPECT_TRUE(defaults.is_plain());
  EXPECT_TRUE(defaults.date());
  defaults.leave_out_date();
  EXPECT_FALSE(defaults.is_plain());
  EXPECT_FALSE(defaults.date());
}

TEST(ResponseDefaults, lines_are_kept_in_their_order) {
  ResponseDefaults defaults;
  EXPECT_EQ(defaults.add("Server", "pelton"), "");
  EXPECT_EQ(defaults.add("X-Empty", ""), "");
  ASSERT_EQ(defaults.lines().size(), 2u);
  EXPECT_EQ(defaults.lines()[0].octets, "Server: pelton\r\n");
  EXPECT_EQ(defaults.lines()[0].name(), "Server");
  EXPECT_EQ(defaults.lines()[1].octets, "X-Empty: \r\n");
  EXPECT_EQ(defaults.bytes(), 16u + 11u);
  EXPECT_FALSE(defaults.is_plain());
}

TEST(ResponseDefaults, RSP_014_nothing_can_be_injected) {
  ResponseDefaults defaults;
  EXPECT_NE(defaults.add("", "x"), "");
  EXPECT_NE(defaults.add("Na me", "x"), "");
  EXPECT_NE(defaults.add("Name", "x\r\nSet-Cookie: a=b"), "");
  EXPECT_TRUE(defaults.lines().empty());
}

TEST(ResponseDefaults, RSP_013_what_belongs_to_connection_or_response_is_no_default) {
  ResponseDefaults defaults;
  for (const char* name : {"Connection", "transfer-encoding", "KEEP-ALIVE", "content-length",
                           "Content-Type", "Date"}) {
    EXPECT_NE(defaults.add(name, "1"), "") << name;
  }
}

TEST(ResponseDefaults, RSP_015_they_are_bounded) {
  ResponseDefaults defaults;
  EXPECT_EQ(defaults.add("A", std::string(8192 - 5, 'x')), "");
  EXPECT_EQ(defaults.bytes(), 8192u);
  EXPECT_NE(defaults.add("B", ""), "");
}

}  // namespace
}  // namespace pelton::http

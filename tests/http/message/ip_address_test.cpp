#include "http/message/ip_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

TEST(IpAddress, is_read_and_spelled) {
  for (const char* text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8"}) {
    const auto address = read_ip_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(ip_text(*address), text);
  }
  EXPECT_EQ(ip_text(*read_ip_address("2001:DB8:0:0::1")), "2001:db8::1");
}

TEST(IpAddress, mapped_ipv4_is_ipv4) {
  EXPECT_EQ(read_ip_address("::ffff:10.1.2.3"), read_ip_address("10.1.2.3"));
  EXPECT_EQ(ip_text(*read_ip_address("::FFFF:a01:203")), "10.1.2.3");
  EXPECT_TRUE(read_ip_address("10.1.2.3")->is_ipv4());
  EXPECT_FALSE(read_ip_address("::10.1.2.3")->is_ipv4());
  EXPECT_NE(read_ip_address("10.1.2.3"), read_ip_address("10.1.2.4"));
}

TEST(IpAddress, other_texts_are_none) {
  for (const char* text : {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ",
                           " 1.2.3.4", "1.2.3.4:5", "1.2.3.4/8", ":", ":::", "::1%lo", "[::1]",
                           "1:2:3:4:5:6:7:8:9", "localhost", "0x7f.1", "2130706433"}) {
    EXPECT_FALSE(read_ip_address(text)) << text;
  }
  EXPECT_FALSE(read_ip_address(std::string("1.2.3.4\0", 8)));
  EXPECT_FALSE(read_ip_address(std::string(46, '1')));
  EXPECT_FALSE(read_ip_address(std::string(100000, ':')));
}

}  // namespace
}  // namespace pelton::http

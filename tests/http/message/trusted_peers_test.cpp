#include "http/message/trusted_peers.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace pelton::http {
namespace {

TrustedPeers peers(std::initializer_list<const char*> texts) {
  TrustedPeers made;
  for (const char* text : texts) EXPECT_EQ(made.add(text), "") << text;
  return made;
}

bool trusts(const TrustedPeers& trusted, std::string_view address) {
  return trusted.trusts(*read_ip_address(address));
}

TEST(TrustedPeers, PXY_001_nobody_is_trusted_at_first) {
  const TrustedPeers none;
  EXPECT_TRUE(none.trusts_nobody());
  EXPECT_FALSE(none.trusts_all());
  EXPECT_FALSE(none.trusts_unix());
  EXPECT_FALSE(trusts(none, "127.0.0.1"));
}

TEST(TrustedPeers, PXY_001_addresses) {
  const TrustedPeers trusted = peers({"10.0.0.1", "::1"});
  EXPECT_FALSE(trusted.trusts_nobody());
  EXPECT_FALSE(trusted.trusts_unix());
  EXPECT_TRUE(trusts(trusted, "10.0.0.1"));
  EXPECT_TRUE(trusts(trusted, "::ffff:10.0.0.1"));
  EXPECT_TRUE(trusts(trusted, "::1"));
  for (const char* other : {"10.0.0.0", "10.0.0.2", "0.0.0.0", "::", "::2", "::a00:1"}) {
    EXPECT_FALSE(trusts(trusted, other)) << other;
  }
}

TEST(TrustedPeers, PXY_001_networks_end_at_any_bit) {
  const TrustedPeers trusted =
      peers({"10.0.0.0/8", "192.168.4.0/22", "2001:db8::/33", "9.9.9.9/32"});
  for (const char* inside : {"10.0.0.0", "10.255.255.255", "192.168.4.0", "192.168.7.255",
                             "2001:db8::", "2001:db8:7fff::1", "9.9.9.9"}) {
    EXPECT_TRUE(trusts(trusted, inside)) << inside;
  }
  for (const char* outside : {"9.255.255.255", "11.0.0.0", "192.168.3.255", "192.168.8.0",
                              "2001:db8:8000::", "2001:db7:ffff::", "9.9.9.8", "9.9.9.10"}) {
    EXPECT_FALSE(trusts(trusted, outside)) << outside;
  }
  EXPECT_TRUE(trusts(peers({"0.0.0.0/0"}), "8.8.8.8"));
  EXPECT_FALSE(trusts(peers({"0.0.0.0/0"}), "2001:db8::"));
  EXPECT_TRUE(trusts(peers({"::/0"}), "2001:db8::"));
  EXPECT_TRUE(trusts(peers({"::ffff:0:0/96"}), "8.8.8.8"));
}

TEST(TrustedPeers, PXY_001_words) {
  const TrustedPeers on_unix = peers({"unix"});
  EXPECT_TRUE(on_unix.trusts_unix());
  EXPECT_FALSE(on_unix.trusts_nobody());
  EXPECT_FALSE(trusts(on_unix, "127.0.0.1"));
  const TrustedPeers all = peers({"*"});
  EXPECT_TRUE(all.trusts_all());
  EXPECT_TRUE(all.trusts_unix());
  EXPECT_FALSE(all.trusts_nobody());
  EXPECT_TRUE(trusts(all, "2001:db8::"));
}

TEST(TrustedPeers, PXY_001_other_texts_say_what_is_wrong) {
  TrustedPeers trusted;
  for (const char* text :
       {"", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
        "::/129", "10.0.0.0/8 ", "Unix", "**", "10.0.0.0/1000", "10.0.0.0/255.0.0.0"}) {
    EXPECT_NE(trusted.add(text), "") << text;
  }
  EXPECT_EQ(trusted.add("10.0.0.1/8"), "has bits behind its prefix; the network is 10.0.0.0/8");
  EXPECT_EQ(trusted.add("2001:db8::1/64"),
            "has bits behind its prefix; the network is 2001:db8::/64");
  EXPECT_EQ(trusted.add("10.0.0.0/33"), "has no prefix from 0 to 32");
  EXPECT_EQ(trusted.add("::/129"), "has no prefix from 0 to 128");
  EXPECT_TRUE(trusted.trusts_nobody());
}

}  // namespace
}  // namespace pelton::http

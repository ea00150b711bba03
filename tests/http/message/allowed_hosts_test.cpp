#include "http/message/allowed_hosts.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace pelton::http {
namespace {

AllowedHosts hosts(std::initializer_list<const char*> texts) {
  AllowedHosts made;
  for (const char* text : texts) EXPECT_EQ(made.add(text), "") << text;
  return made;
}

TEST(AllowedHosts, H1_043_all_are_allowed_at_first_and_by_a_star) {
  EXPECT_TRUE(AllowedHosts().allows_all());
  EXPECT_TRUE(hosts({"example.org", "*"}).allows_all());
  EXPECT_TRUE(hosts({"example.org", "*"}).allows("other.org"));
  EXPECT_FALSE(hosts({"example.org"}).allows_all());
  EXPECT_FALSE(hosts({"*.example.org"}).allows_all());
}

TEST(AllowedHosts, H1_043_a_host_counts_in_any_case_and_with_any_port) {
  const AllowedHosts allowed = hosts({"Example.org", "127.0.0.1", "[::1]"});
  for (const char* authority : {"example.org", "EXAMPLE.ORG:8000", "127.0.0.1:1", "[::1]:80"}) {
    EXPECT_TRUE(allowed.allows(authority)) << authority;
  }
  for (const char* authority : {"", "www.example.org", "example.org.", "example.com", "127.0.0.2",
                                "[::2]", "example.org.evil.com", "notexample.org", "a b"}) {
    EXPECT_FALSE(allowed.allows(authority)) << authority;
  }
}

TEST(AllowedHosts, H1_043_a_domain_is_every_host_below_it) {
  const AllowedHosts allowed = hosts({"*.Example.org"});
  EXPECT_TRUE(allowed.allows("www.example.org"));
  EXPECT_TRUE(allowed.allows("a.B.example.ORG:8000"));
  for (const char* authority : {"example.org", ".example.org", "notexample.org", "example.com"}) {
    EXPECT_FALSE(allowed.allows(authority)) << authority;
  }
}

TEST(AllowedHosts, H1_043_other_texts_are_refused_with_the_reason) {
  AllowedHosts allowed;
  EXPECT_EQ(allowed.add("example.org:80"), "has a port, which does not count; leave it out");
  for (const char* text :
       {"", "*.", "a*.org", "*example.org", "http://example.org", "::1", "a b"}) {
    EXPECT_EQ(allowed.add(text), "is no host and no domain such as *.example.org") << text;
  }
  EXPECT_TRUE(allowed.allows_all());
}

}  // namespace
}  // namespace pelton::http

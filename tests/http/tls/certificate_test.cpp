#include "http/tls/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tests/http/tls/authority.hpp"

namespace pelton::http {
namespace {

using support::Authority;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate issued(Authority& authority, const Authority::Wish& wish) {
  std::FILE* const file = std::fopen(authority.issue("a", wish).chain_path.c_str(), "r");
  Certificate certificate(PEM_read_X509(file, nullptr, nullptr, nullptr), X509_free);
  std::fclose(file);
  return certificate;
}

TEST(Certificate, its_hosts_are_its_alternative_names) {
  Authority authority;
  const auto made = issued(authority, {.hosts = {"Example.org", "*.example.org"}});
  EXPECT_EQ(hosts_of(made.get()), (std::vector<std::string>{"*.example.org", "example.org"}));
}

TEST(Certificate, its_host_is_its_common_name_if_it_has_no_others) {
  Authority authority;
  const auto made = issued(authority, {.hosts = {}, .common_name = "Old.example"});
  EXPECT_EQ(hosts_of(made.get()), std::vector<std::string>{"old.example"});
}

TEST(Certificate, its_subject_is_written_as_RFC_4514_has_it) {
  Authority authority;
  const auto made = issued(authority, {.common_name = "Björk, the first"});
  EXPECT_EQ(subject_of(made.get()), "CN=Björk\\, the first");
}

TEST(Certificate, it_is_timely_between_its_dates) {
  Authority authority;
  EXPECT_EQ(untimely(issued(authority, {}).get()), "");
  EXPECT_TRUE(untimely(issued(authority, {.ends_s = -1}).get()).starts_with("has expired on "));
  EXPECT_TRUE(
      untimely(issued(authority, {.begins_s = 600}).get()).starts_with("is not valid before "));
}

TEST(Certificate, its_text_is_PEM) {
  Authority authority;
  EXPECT_TRUE(pem_of(issued(authority, {}).get()).starts_with("-----BEGIN CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace pelton::http

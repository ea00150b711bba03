#include "http/tls/own_certificate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>

#include "tests/http/tls/conversation.hpp"

namespace pelton::http {
namespace {

TEST(OwnCertificate, it_can_be_served_and_trusted) {
  const std::array<std::string, 3> hosts{"localhost", "127.0.0.1", "::1"};
  const auto made = make_own_certificate(hosts, 1);
  ASSERT_TRUE(made);
  const support::Authority folder;
  const TlsPair pair{.chain_path = folder.folder() / "own.pem",
                     .key_path = folder.folder() / "own.key"};
  std::ofstream(pair.chain_path) << made->certificate;
  std::ofstream(pair.key_path) << made->key;
  TicketKeys keys;
  const auto context = support::loaded({.pairs = {pair}}, keys);
  const auto is_trusted_as = [&](const std::string& host) {
    support::Conversation talk(context);
    SSL* const client = talk.client.ssl();
    X509_STORE* const trusted = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(client));
    EXPECT_EQ(X509_STORE_load_file(trusted, pair.chain_path.c_str()), 1);
    SSL_set_verify(client, SSL_VERIFY_PEER, nullptr);
    EXPECT_EQ(SSL_add1_host(client, host.c_str()), 1);
    talk.proceed();
    return talk.client.is_established();
  };
  for (const std::string& host : hosts) EXPECT_TRUE(is_trusted_as(host)) << host;
  EXPECT_FALSE(is_trusted_as("other.org"));
}

TEST(OwnCertificate, a_name_that_is_none_makes_none) {
  const std::array<std::string, 1> hosts{"a,b"};
  EXPECT_FALSE(make_own_certificate(hosts, 1));
}

}  // namespace
}  // namespace pelton::http

#include "http/tls/tls_context.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/http/tls/conversation.hpp"

namespace pelton::http {
namespace {

using support::Authority;
using support::ClientWish;
using support::Conversation;
using support::loaded;

class Context : public testing::Test {
 protected:
  std::string problem(const TlsSettings& settings) {
    auto made = TlsContext::load(settings, keys_);
    return made ? "" : made.error();
  }
  std::string file(const std::string& name, const std::string& text) {
    const std::string path = authority_.folder() / name;
    std::ofstream(path) << text;
    return path;
  }

  Authority authority_;
  TicketKeys keys_;
};

// --- what cannot be used ---

TEST_F(Context, a_file_that_is_not_there) {
  const TlsPair pair = authority_.issue("a", {});
  EXPECT_EQ(problem({.pairs = {{"/nowhere/a.pem", pair.key_path}}}),
            "/nowhere/a.pem cannot be read: No such file or directory");
  EXPECT_EQ(problem({.pairs = {{pair.chain_path, "/nowhere/a.key"}}}),
            "/nowhere/a.key cannot be read: No such file or directory");
}

TEST_F(Context, files_of_something_else) {
  const TlsPair pair = authority_.issue("a", {});
  const std::string text = file("text", "hello\n");
  EXPECT_EQ(problem({.pairs = {{text, pair.key_path}}}), text + " has no certificate in PEM");
  EXPECT_TRUE(problem({.pairs = {{pair.chain_path, text}}})
                  .starts_with(text + " has no private key in PEM that can be used: "));
}

TEST_F(Context, TLS_004_a_key_of_another_certificate) {
  const TlsPair one = authority_.issue("one", {});
  const TlsPair other = authority_.issue("other", {});
  EXPECT_EQ(
      problem({.pairs = {{one.chain_path, other.key_path}}}),
      "the key in " + other.key_path + " is not that of the certificate in " + one.chain_path);
}

TEST_F(Context, encrypted_keys) {
  const TlsPair pair = authority_.issue("a", {.password = "sesame"});
  EXPECT_EQ(problem({.pairs = {pair}}),
            "the key in " + pair.key_path + " is encrypted, and no password is given");
  EXPECT_EQ(problem({.pairs = {pair}, .key_password = "sesam"}),
            "the key in " + pair.key_path + " is encrypted, and the password is another");
  EXPECT_EQ(problem({.pairs = {pair}, .key_password = "sesame"}), "");
}

TEST_F(Context, TLS_004_a_certificate_that_is_not_valid_now) {
  const TlsPair old = authority_.issue("old", {.ends_s = -10});
  const TlsPair early = authority_.issue("early", {.begins_s = 1000});
  EXPECT_TRUE(problem({.pairs = {old}})
                  .starts_with("the certificate in " + old.chain_path + " has expired on "));
  EXPECT_TRUE(problem({.pairs = {early}})
                  .starts_with("the certificate in " + early.chain_path + " is not valid before "));
}

TEST_F(Context, TLS_001_ciphers_without_forward_secrecy_or_authentication) {
  const TlsPair pair = authority_.issue("a", {});
  EXPECT_EQ(problem({.pairs = {pair}, .ciphers = "ECDHE+AESGCM:TLS_AES_128_GCM_SHA256"}), "");
  EXPECT_EQ(problem({.pairs = {pair}, .ciphers = "AES128-GCM-SHA256"}),
            "the ciphers have AES128-GCM-SHA256, which is not ECDHE with AEAD");
  EXPECT_EQ(problem({.pairs = {pair}, .ciphers = "ECDHE-RSA-AES128-SHA"}),
            "the ciphers have ECDHE-RSA-AES128-SHA, which is not ECDHE with AEAD");
  EXPECT_EQ(problem({.pairs = {pair}, .ciphers = "nonsense"}),
            "the ciphers name none that OpenSSL knows: nonsense");
  EXPECT_EQ(problem({.pairs = {pair}, .ciphers = "TLS_NONSENSE"}),
            "the ciphers have a name of TLS 1.3 that OpenSSL does not know in TLS_NONSENSE");
}

TEST_F(Context, authorities_and_revocation_lists_that_are_none) {
  const TlsPair pair = authority_.issue("a", {});
  const std::string text = file("text", "hello\n");
  const auto asking = ClientCertificates::optional;
  EXPECT_EQ(problem({.pairs = {pair}, .client_certificates = asking}),
            "client certificates are asked for without their authorities");
  EXPECT_EQ(problem({.pairs = {pair}, .ca_path = "/nowhere", .client_certificates = asking}),
            "/nowhere cannot be read: No such file or directory");
  EXPECT_EQ(problem({.pairs = {pair}, .ca_path = text, .client_certificates = asking}),
            text + " has no certificate in PEM");
  EXPECT_EQ(problem({.pairs = {pair},
                     .ca_path = authority_.path(),
                     .crl_path = text,
                     .client_certificates = asking}),
            text + " has no revocation list in PEM");
}

// --- which certificate a client gets ---

class Hosts : public Context {
 protected:
  std::string served_to(const std::string& name, const ClientWish& others = {}) {
    ClientWish wish = others;
    wish.server_name = name;
    Conversation talk(context_, wish);
    EXPECT_EQ(talk.proceed(), Reason::none);
    EXPECT_TRUE(talk.client.is_established());
    return talk.client.server_common_name();
  }

  TlsSettings settings_{
      .pairs = {
          authority_.issue("first", {.hosts = {"first.org"}, .common_name = "first"}),
          authority_.issue("stars",
                           {.hosts = {"*.example.org", "Example.org"}, .common_name = "stars"}),
          authority_.issue("plain", {.hosts = {"plain.example.org"}, .common_name = "plain"})}};
  std::shared_ptr<const TlsContext> context_ = loaded(settings_, keys_);
};

TEST_F(Hosts, TLS_002_SNI_picks_the_certificate) {
  EXPECT_EQ(served_to("first.org"), "first");
  EXPECT_EQ(served_to("example.org"), "stars");
  EXPECT_EQ(served_to("EXAMPLE.org"), "stars");
  EXPECT_EQ(served_to("www.example.org"), "stars");
  EXPECT_EQ(served_to("plain.example.org"), "plain");
}

TEST_F(Hosts, TLS_002_other_names_and_none_get_the_first) {
  EXPECT_EQ(served_to("other.net"), "first");
  EXPECT_EQ(served_to("a.b.example.org"), "first");
  EXPECT_EQ(served_to("localhost"), "first");
  EXPECT_EQ(served_to(""), "first");
}

TEST_F(Hosts, TLS_002_in_TLS_1_2_too) {
  const ClientWish old{.version_max = TLS1_2_VERSION};
  EXPECT_EQ(served_to("www.example.org", old), "stars");
  EXPECT_EQ(served_to("other.net", old), "first");
}

TEST_F(Hosts, one_host_may_have_two_kinds_of_key) {
  settings_.pairs.push_back(authority_.issue(
      "rsa", {.hosts = {"first.org"}, .common_name = "first by RSA", .is_rsa = true}));
  context_ = loaded(settings_, keys_);
  EXPECT_EQ(served_to("first.org"), "first");
  EXPECT_EQ(served_to("first.org",
                      {.version_max = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}),
            "first by RSA");
}

TEST_F(Hosts, the_text_of_the_certificate_is_that_of_the_host) {
  Conversation talk(context_, {.server_name = "example.org"});
  talk.proceed();
  Conversation other(context_, {.server_name = "first.org"});
  other.proceed();
  const std::string_view text = talk.filter->facts()->server_certificate;
  EXPECT_TRUE(text.starts_with("-----BEGIN CERTIFICATE-----\n"));
  EXPECT_NE(text, other.filter->facts()->server_certificate);
}

}  // namespace
}  // namespace pelton::http

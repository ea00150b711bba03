#include "http/tls/tls_filter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/http/tls/conversation.hpp"

namespace pelton::http {
namespace {

using support::Authority;
using support::ClientWish;
using support::Conversation;
using support::loaded;

constexpr std::size_t header_bytes = 5;  // of a record

// The lengths of the records in `wire`.
std::vector<std::size_t> records_in(const std::string& wire) {
  std::vector<std::size_t> lengths;
  for (std::size_t at = 0; at + header_bytes <= wire.size();) {
    const auto octet = [&](std::size_t index) { return static_cast<unsigned char>(wire[index]); };
    const std::size_t bytes = std::size_t{octet(at + 3)} << 8 | octet(at + 4);
    lengths.push_back(bytes);
    at += header_bytes + bytes;
  }
  return lengths;
}

class Filter : public testing::Test {
 protected:
  Authority authority_;
  TicketKeys keys_;
  TlsSettings settings_{.pairs = {authority_.issue("server", {.hosts = {"localhost"}})},
                        .protocols = {"http/1.1"}};
};

// --- handshakes ---

TEST_F(Filter, TLS_001_octets_pass_both_ways_in_TLS_1_2_and_1_3) {
  const auto context = loaded(settings_, keys_);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Conversation talk(context, {.version_min = version, .version_max = version});
    EXPECT_FALSE(talk.filter->is_established());
    EXPECT_EQ(talk.filter->facts(), nullptr);
    talk.client.write("question");
    EXPECT_EQ(talk.proceed(), Reason::none);
    EXPECT_TRUE(talk.filter->is_established());
    EXPECT_EQ(talk.plain, "question");
    talk.client.receive(talk.sealed("answer"));
    EXPECT_EQ(talk.client.read(), "answer");
  }
}

TEST_F(Filter, TLS_001_older_versions_are_not_served) {
  const auto context = loaded(settings_, keys_);
  Conversation old(context, {.version_min = TLS1_VERSION, .version_max = TLS1_1_VERSION});
  EXPECT_EQ(old.proceed(), Reason::cut_tls_handshake);
  EXPECT_FALSE(old.client.failure().empty());
  settings_.version_min = 0x0304;
  Conversation older(loaded(settings_, keys_), {.version_max = TLS1_2_VERSION});
  EXPECT_EQ(older.proceed(), Reason::cut_tls_handshake);
  settings_.version_min = 0x0303;
  settings_.version_max = 0x0303;
  Conversation newest(loaded(settings_, keys_));
  EXPECT_EQ(newest.proceed(), Reason::none);
  EXPECT_EQ(newest.filter->facts()->version, "TLSv1.2");
}

TEST_F(Filter, TLS_001_a_client_without_a_fit_cipher_is_told_so) {
  settings_.pairs = {authority_.issue("rsa", {.is_rsa = true})};
  const auto context = loaded(settings_, keys_);
  for (const char* const cipher :
       {"AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256"}) {
    Conversation talk(context, {.version_max = TLS1_2_VERSION, .ciphers = cipher});
    EXPECT_EQ(talk.proceed(), Reason::cut_tls_handshake) << cipher;
    EXPECT_NE(talk.client.failure(), "") << cipher;
  }
}

TEST_F(Filter, SEG_006_the_pieces_of_records_make_no_difference) {
  const auto context = loaded(settings_, keys_);
  for (std::size_t piece_bytes = 1; piece_bytes < 1000; piece_bytes = piece_bytes * 2 + 1) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      Conversation talk(context, {.version_min = version, .version_max = version});
      talk.client.write(std::string(40'000, 'q'));
      EXPECT_EQ(talk.proceed(piece_bytes), Reason::none);
      EXPECT_EQ(talk.plain, std::string(40'000, 'q'));
    }
  }
}

TEST_F(Filter, SEG_006_a_first_flight_cut_at_each_octet) {
  const auto context = loaded(settings_, keys_);
  const std::size_t bytes = support::TlsClient().take().size();
  for (std::size_t cut = 1; cut < bytes; ++cut) {
    Conversation talk(context);
    EXPECT_EQ(talk.proceed(cut), Reason::none);
    EXPECT_TRUE(talk.client.is_established()) << cut;
  }
}

TEST_F(Filter, TLS_002_ALPN) {
  settings_.protocols = {"http/1.1"};
  const auto context = loaded(settings_, keys_);
  Conversation agreed(context, {.protocols = {"h2", "http/1.1"}});
  EXPECT_EQ(agreed.proceed(), Reason::none);
  EXPECT_EQ(agreed.client.protocol(), "http/1.1");
  Conversation silent(context);
  EXPECT_EQ(silent.proceed(), Reason::none);
  EXPECT_EQ(silent.client.protocol(), "");
  Conversation apart(context, {.protocols = {"h2", "imap"}});
  EXPECT_EQ(apart.proceed(), Reason::cut_tls_alpn);
  EXPECT_EQ(apart.client.failure(), "tlsv1 alert no application protocol");
}

TEST_F(Filter, TLS_006_clear_text) {
  const auto context = loaded(settings_, keys_);
  for (const std::string octets : {"GET / HTTP/1.1\r\n", "\r\n", "\x15\x03\x01", "\x80\x2e\x01"}) {
    BlockPool blocks;
    Output plain(blocks);
    const auto filter = TlsFilter::make(context);
    EXPECT_EQ(filter->open(octets, plain), Reason::cut_tls_not_tls);
    EXPECT_FALSE(filter->has_own_octets());
    EXPECT_EQ(filter->open(octets, plain), Reason::none);
  }
}

TEST_F(Filter, a_handshake_that_is_none_gets_an_alert) {
  BlockPool blocks;
  Output plain(blocks);
  Output wire(blocks);
  const auto filter = TlsFilter::make(loaded(settings_, keys_));
  const std::string octets = "\x16\x03\x01" + std::string(400, '\x01');
  EXPECT_EQ(filter->open(octets, plain), Reason::cut_tls_handshake);
  EXPECT_TRUE(filter->has_own_octets());
  EXPECT_TRUE(filter->seal(plain, wire));
  ASSERT_EQ(wire.size(), 7u);
  EXPECT_EQ(wire.view().front(), '\x15');  // an alert
  EXPECT_FALSE(filter->has_own_octets());
  EXPECT_EQ(filter->open("more", plain), Reason::none);
}

TEST_F(Filter, a_client_that_trusts_nobody_is_lost) {
  Conversation talk(loaded(settings_, keys_));
  SSL_set_verify(talk.client.ssl(), SSL_VERIFY_PEER, nullptr);
  EXPECT_EQ(talk.proceed(), Reason::lost_tls_handshake);
}

// --- after the handshake ---

TEST_F(Filter, a_small_answer_is_one_record_and_a_large_one_has_full_records) {
  Conversation talk(loaded(settings_, keys_));
  talk.proceed();
  EXPECT_EQ(records_in(talk.sealed("small")).size(), 1u);
  const std::string wire = talk.sealed(std::string(40'000, 'x'));
  const auto records = records_in(wire);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_GT(records[0], 16'384u);
  EXPECT_GT(records[1], 16'384u);
  EXPECT_LT(records[2], 8'000u);
}

TEST_F(Filter, TLS_005_close_notify_follows_the_last_octets) {
  Conversation talk(loaded(settings_, keys_));
  talk.proceed();
  talk.filter->end();
  EXPECT_TRUE(talk.filter->has_own_octets());
  talk.client.receive(talk.sealed("the last"));
  EXPECT_FALSE(talk.filter->has_own_octets());
  EXPECT_EQ(talk.client.read(), "the last");
  EXPECT_TRUE(talk.client.server_has_ended());
  talk.filter->end();
  EXPECT_EQ(talk.sealed({}), "");
}

TEST_F(Filter, TLS_005_the_end_of_a_client_is_no_fault) {
  Conversation talk(loaded(settings_, keys_));
  talk.client.write("last");
  talk.proceed();
  EXPECT_FALSE(talk.filter->peer_has_ended());
  talk.client.finish();
  EXPECT_EQ(talk.proceed(), Reason::none);
  EXPECT_TRUE(talk.filter->peer_has_ended());
  talk.client.receive(talk.sealed("still answered"));
  EXPECT_EQ(talk.client.read(), "still answered");
}

TEST_F(Filter, a_record_that_was_changed_ends_it_with_an_alert) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Conversation talk(loaded(settings_, keys_), {.version_min = version, .version_max = version});
    talk.proceed();
    talk.client.write("question");
    std::string wire = talk.client.take();
    wire.back() = static_cast<char>(wire.back() ^ 1);
    BlockPool blocks;
    Output plain(blocks);
    EXPECT_EQ(talk.filter->open(wire, plain), Reason::cut_tls_record);
    EXPECT_TRUE(plain.empty());
    EXPECT_TRUE(talk.filter->has_own_octets());
    talk.client.receive(talk.sealed("not sent any more"));
    EXPECT_EQ(talk.client.read(), "");
    EXPECT_NE(talk.client.failure(), "");
  }
}

TEST_F(Filter, TLS_001_renegotiation_is_refused_and_the_connection_goes_on) {
  Conversation talk(loaded(settings_, keys_), {.version_max = TLS1_2_VERSION});
  talk.proceed();
  ASSERT_EQ(SSL_renegotiate(talk.client.ssl()), 1);
  SSL_do_handshake(talk.client.ssl());
  const Reason reason = talk.proceed();
  EXPECT_TRUE(reason == Reason::none || reason == Reason::lost_tls_alert);
  EXPECT_EQ(talk.client.failure(), "no renegotiation");
}

TEST_F(Filter, new_keys_are_given_when_a_client_asks) {
  Conversation talk(loaded(settings_, keys_));
  talk.proceed();
  for (int times = 0; times < 3; ++times) {
    talk.client.update_keys();
    talk.client.write("question ");
    EXPECT_EQ(talk.proceed(), Reason::none);
    talk.client.receive(talk.sealed("answer "));
  }
  EXPECT_EQ(talk.plain, "question question question ");
  EXPECT_EQ(talk.client.read(), "answer answer answer ");
}

TEST_F(Filter, it_holds_no_buffer_between_records) {
  Conversation talk(loaded(settings_, keys_));
  talk.client.write("question");
  talk.proceed();
  EXPECT_EQ(talk.blocks.blocks_lent(), 0u);
}

// --- sessions that are resumed ---

TEST_F(Filter, TLS_001_a_session_is_resumed_by_any_context_with_the_same_keys) {
  const auto context = loaded(settings_, keys_);
  const auto other = loaded(settings_, keys_);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Conversation first(context, {.version_min = version, .version_max = version});
    first.proceed();
    EXPECT_FALSE(first.client.was_resumed());
    SSL_SESSION* const session = first.client.session();
    ASSERT_NE(session, nullptr);
    Conversation second(other,
                        {.version_min = version, .version_max = version, .session = session});
    second.client.write("question");
    EXPECT_EQ(second.proceed(), Reason::none);
    EXPECT_TRUE(second.client.was_resumed());
    EXPECT_EQ(second.plain, "question");
    TicketKeys fresh;
    Conversation third(loaded(settings_, fresh),
                       {.version_min = version, .version_max = version, .session = session});
    EXPECT_EQ(third.proceed(), Reason::none);
    EXPECT_FALSE(third.client.was_resumed());
    SSL_SESSION_free(session);
  }
}

TEST_F(Filter, TLS_001_there_is_no_early_data) {
  Conversation first(loaded(settings_, keys_));
  first.proceed();
  SSL_SESSION* const session = first.client.session();
  EXPECT_EQ(SSL_SESSION_get_max_early_data(session), 0u);
  SSL_SESSION_free(session);
}

// --- clients' certificates ---

class ClientCertificate : public Filter {
 protected:
  ClientCertificate() {
    settings_.ca_path = authority_.path();
    settings_.client_certificates = ClientCertificates::required;
  }
  ClientWish with(const TlsPair& pair, int version) {
    return {.version_min = version,
            .version_max = version,
            .certificate_path = pair.chain_path,
            .key_path = pair.key_path};
  }
};

TEST_F(ClientCertificate, TLS_006_required) {
  const TlsPair known = authority_.issue("known", {.common_name = "robot"});
  Authority others;
  const TlsPair unknown = others.issue("unknown", {});
  const auto context = loaded(settings_, keys_);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Conversation without(context, {.version_min = version, .version_max = version});
    EXPECT_EQ(without.proceed(), Reason::cut_tls_client_certificate);
    Conversation stranger(context, with(unknown, version));
    EXPECT_EQ(stranger.proceed(), Reason::cut_tls_client_certificate);
    Conversation served(context, with(known, version));
    EXPECT_EQ(served.proceed(), Reason::none);
    const TlsFacts& facts = *served.filter->facts();
    EXPECT_EQ(facts.client_name, "CN=robot");
    ASSERT_EQ(facts.client_chain.size(), 1u);
    EXPECT_TRUE(facts.client_chain[0].starts_with("-----BEGIN CERTIFICATE-----\n"));
  }
}

TEST_F(ClientCertificate, TLS_006_optional) {
  settings_.client_certificates = ClientCertificates::optional;
  const auto context = loaded(settings_, keys_);
  Conversation without(context);
  EXPECT_EQ(without.proceed(), Reason::none);
  EXPECT_EQ(without.filter->facts()->client_name, "");
  EXPECT_TRUE(without.filter->facts()->client_chain.empty());
  Authority others;
  Conversation stranger(context, with(others.issue("unknown", {}), TLS1_3_VERSION));
  EXPECT_EQ(stranger.proceed(), Reason::cut_tls_client_certificate);
}

TEST_F(ClientCertificate, TLS_006_one_that_was_revoked) {
  const TlsPair good = authority_.issue("good", {});
  const TlsPair bad = authority_.issue("bad", {});
  settings_.crl_path = authority_.revoke(bad.chain_path);
  const auto context = loaded(settings_, keys_);
  Conversation served(context, with(good, TLS1_3_VERSION));
  EXPECT_EQ(served.proceed(), Reason::none);
  Conversation refused(context, with(bad, TLS1_3_VERSION));
  EXPECT_EQ(refused.proceed(), Reason::cut_tls_client_certificate);
}

TEST_F(ClientCertificate, TLS_006_no_session_outlives_the_rules_it_was_made_under) {
  const TlsPair pair = authority_.issue("robot", {.common_name = "robot"});
  settings_.crl_path = authority_.revoke("");
  Conversation first(loaded(settings_, keys_), with(pair, TLS1_3_VERSION));
  EXPECT_EQ(first.proceed(), Reason::none);
  SSL_SESSION* const session = first.client.session();
  ClientWish resuming = with(pair, TLS1_3_VERSION);
  resuming.session = session;
  Conversation again(loaded(settings_, keys_), resuming);
  EXPECT_EQ(again.proceed(), Reason::none);
  EXPECT_TRUE(again.client.was_resumed());
  EXPECT_EQ(again.filter->facts()->client_name, "CN=robot");
  authority_.revoke(pair.chain_path);
  Conversation revoked(loaded(settings_, keys_), resuming);
  EXPECT_EQ(revoked.proceed(), Reason::cut_tls_client_certificate);
  SSL_SESSION_free(session);
}

// --- what was agreed on ---

TEST_F(Filter, facts) {
  Conversation talk(loaded(settings_, keys_), {.server_name = "localhost"});
  talk.proceed();
  const TlsFacts& facts = *talk.filter->facts();
  EXPECT_EQ(facts.version, "TLSv1.3");
  EXPECT_EQ(facts.version_number, 0x0304);
  EXPECT_TRUE(facts.cipher.starts_with("TLS_"));
  EXPECT_EQ(facts.cipher_number >> 8, 0x13);
  EXPECT_EQ(facts.sni, "localhost");
  Conversation old(loaded(settings_, keys_),
                   {.version_max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"});
  old.proceed();
  EXPECT_EQ(old.filter->facts()->version, "TLSv1.2");
  EXPECT_EQ(old.filter->facts()->version_number, 0x0303);
  EXPECT_EQ(old.filter->facts()->cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(old.filter->facts()->cipher_number, 0xC02B);
  EXPECT_EQ(old.filter->facts()->sni, "");
}

}  // namespace
}  // namespace pelton::http

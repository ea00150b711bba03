#include "http/tls/tls_source.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/http/tls/authority.hpp"
#include "tests/http/tls/tls_client.hpp"

namespace pelton::http {
namespace {

using support::Authority;

class Source : public testing::Test {
 protected:
  void SetUp() override {
    pair_ = authority_.issue("server", {.common_name = "first"});
    auto made = TlsSource::load({.pairs = {pair_}});
    ASSERT_TRUE(made) << made.error();
    source_ = std::move(*made);
  }

  // Whom a new connection meets.
  std::string served() {
    BlockPool blocks;
    support::TlsClient client;
    const auto filter = source_->make();
    for (int flights = 0; flights < 4; ++flights) {
      Output plain(blocks);
      Output wire(blocks);
      EXPECT_EQ(filter->open(client.take(), plain), Reason::none);
      EXPECT_TRUE(filter->seal(plain, wire));
      client.receive(wire.view());
    }
    return client.server_common_name();
  }

  // Looks until there is news; a load goes on beside this thread.
  FilterSource::News news() {
    for (;;) {
      if (auto found = source_->look()) return *found;
      std::this_thread::yield();
    }
  }

  Authority authority_;
  TlsPair pair_;
  std::unique_ptr<TlsSource> source_;
};

TEST_F(Source, what_cannot_be_used_at_the_start) {
  const auto made = TlsSource::load({.pairs = {{"/nowhere", "/nowhere"}}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), "/nowhere cannot be read: No such file or directory");
}

TEST_F(Source, files_that_do_not_change_are_no_news) {
  for (int looks = 0; looks < 10; ++looks) EXPECT_FALSE(source_->look());
  EXPECT_EQ(served(), "first");
}

TEST_F(Source, TLS_004_files_that_change_are_loaded_anew) {
  authority_.issue("server", {.common_name = "second"});
  EXPECT_FALSE(source_->look());  // they may be changing still
  EXPECT_EQ(served(), "first");
  const FilterSource::News found = news();
  EXPECT_EQ(found.reason, Reason::none);
  EXPECT_EQ(found.text, "certificates were loaded anew");
  EXPECT_EQ(served(), "second");
  for (int looks = 0; looks < 10; ++looks) EXPECT_FALSE(source_->look());
}

TEST_F(Source, TLS_004_a_link_that_leads_elsewhere_is_a_change) {
  const TlsPair second = authority_.issue("second", {.common_name = "second"});
  const std::filesystem::path folder = authority_.folder();
  const auto link = [&](const TlsPair& to) {
    std::filesystem::create_symlink(to.chain_path, folder / "new");
    std::filesystem::rename(folder / "new", folder / "live.pem");
    std::filesystem::create_symlink(to.key_path, folder / "new");
    std::filesystem::rename(folder / "new", folder / "live.key");
  };
  link(pair_);
  source_ = std::move(*TlsSource::load({.pairs = {{folder / "live.pem", folder / "live.key"}}}));
  EXPECT_EQ(served(), "first");
  link(second);
  EXPECT_EQ(news().reason, Reason::none);
  EXPECT_EQ(served(), "second");
}

TEST_F(Source, TLS_004_a_bad_pair_keeps_the_old_one) {
  const TlsPair other = authority_.issue("other", {.common_name = "other"});
  std::filesystem::copy_file(other.key_path, pair_.key_path,
                             std::filesystem::copy_options::overwrite_existing);
  FilterSource::News found = news();
  EXPECT_EQ(found.reason, Reason::fault_tls_reload);
  EXPECT_EQ(found.text, "changed certificates cannot be used, those before stay: the key in " +
                            pair_.key_path + " is not that of the certificate in " +
                            pair_.chain_path);
  EXPECT_EQ(served(), "first");
  for (int looks = 0; looks < 10; ++looks) EXPECT_FALSE(source_->look());
  std::filesystem::copy_file(other.chain_path, pair_.chain_path,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(news().reason, Reason::none);
  EXPECT_EQ(served(), "other");
}

TEST_F(Source, TLS_004_a_certificate_that_is_taken_away_stays) {
  std::filesystem::remove(pair_.chain_path);
  EXPECT_EQ(news().reason, Reason::fault_tls_reload);
  EXPECT_EQ(served(), "first");
}

TEST_F(Source, a_connection_outlives_the_certificates_it_began_with) {
  BlockPool blocks;
  support::TlsClient client;
  const auto filter = source_->make();
  Output plain(blocks);
  Output wire(blocks);
  EXPECT_EQ(filter->open(client.take(), plain), Reason::none);
  authority_.issue("server", {.common_name = "second"});
  news();
  EXPECT_TRUE(filter->seal(plain, wire));
  client.receive(wire.view());
  EXPECT_EQ(filter->open(client.take(), plain), Reason::none);
  EXPECT_TRUE(filter->is_established());
  EXPECT_EQ(client.server_common_name(), "first");
}

TEST_F(Source, TLS_001_keys_of_tickets_can_be_shared) {
  TicketKeys keys;
  source_->share(keys);
  auto other = std::move(*TlsSource::load({.pairs = {pair_}}));
  other->share(keys);
  BlockPool blocks;
  const auto talk = [&](FilterSource& source, SSL_SESSION* session) {
    auto client = std::make_unique<support::TlsClient>(support::ClientWish{.session = session});
    const auto filter = source.make();
    for (int flights = 0; flights < 4; ++flights) {
      Output plain(blocks);
      Output wire(blocks);
      EXPECT_EQ(filter->open(client->take(), plain), Reason::none);
      EXPECT_TRUE(filter->seal(plain, wire));
      client->receive(wire.view());
    }
    return client;
  };
  const auto first = talk(*source_, nullptr);
  SSL_SESSION* const session = first->session();
  ASSERT_NE(session, nullptr);
  EXPECT_TRUE(talk(*other, session)->was_resumed());
  SSL_SESSION_free(session);
}

}  // namespace
}  // namespace pelton::http

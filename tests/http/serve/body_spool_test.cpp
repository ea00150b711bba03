#include "http/serve/body_spool.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>

#include "temporary_directory.hpp"

namespace pelton::http {
namespace {

void fill(Output& output, std::string_view octets) {
  output.append(octets);
}

TEST(BodySpool, without_a_pool_the_loop_writes) {
  BlockPool blocks;
  {
    const BodySpool::Owner spool = BodySpool::begin(blocks, nullptr, {});
    Output filled(blocks);
    for (const std::string_view piece : {"one", "two"}) {
      fill(filled, piece);
      spool->write(filled);
      EXPECT_TRUE(filled.empty());
      EXPECT_FALSE(spool->writes());
    }
    EXPECT_EQ(spool->failure(), Reason::none);
    ASSERT_EQ(spool->file()->map(), 0);
    EXPECT_EQ(spool->file()->view(), "onetwo");
  }
  EXPECT_EQ(blocks.blocks_lent(), 0u);
}

struct Pooled {
  void await() {
    pollfd ready{.fd = wake.descriptor(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    wake.drain();
    pool.deliver();
  }
  BodySpool::Owner begin() {
    return BodySpool::begin(blocks, &pool,
                            {[](void* count) { ++*static_cast<int*>(count); }, &told});
  }

  BlockPool blocks;
  Wake wake;
  int told = 0;
  DiskPool pool{wake};
};

TEST(BodySpool, FRM_009_a_pool_writes_off_the_loop) {
  Pooled pooled;
  {
    const BodySpool::Owner spool = pooled.begin();
    Output filled(pooled.blocks);
    for (int count = 1; count <= 20; ++count) {
      fill(filled, std::string(10'000, static_cast<char>('a' + count)));
      spool->write(filled);
      EXPECT_TRUE(spool->writes());
      while (spool->writes()) pooled.await();
      EXPECT_EQ(pooled.told, count);
    }
    EXPECT_EQ(spool->file()->bytes(), 200'000u);
  }
  EXPECT_EQ(pooled.blocks.blocks_lent(), 0u);
}

TEST(BodySpool, FRM_010_one_that_is_given_up_ends_behind_its_write) {
  Pooled pooled;
  std::weak_ptr<BodyFile> file;
  {
    const BodySpool::Owner spool = pooled.begin();
    Output filled(pooled.blocks);
    fill(filled, "abc");
    spool->write(filled);
    file = spool->file();
  }
  EXPECT_FALSE(file.expired());
  while (pooled.pool.outstanding() != 0) pooled.await();
  EXPECT_TRUE(file.expired());
  EXPECT_EQ(pooled.told, 0);
  EXPECT_EQ(pooled.blocks.blocks_lent(), 0u);
}

TEST(BodySpool, FRM_009_no_room_and_no_form_are_failures) {
  BlockPool blocks;
  Output filled(blocks);
  {
    const TemporaryDirectory nowhere("/nonexistent");
    const BodySpool::Owner spool = BodySpool::begin(blocks, nullptr, {});
    fill(filled, "abc");
    spool->write(filled);
    EXPECT_EQ(spool->failure(), Reason::answered_spool_full);
  }
  for (const bool refused : {false, true}) {
    const BodySpool::Owner spool = BodySpool::begin(blocks, nullptr, {});
    spool->expect_form("b", {}, refused);
    fill(filled, "--bx");
    spool->write(filled);
    EXPECT_EQ(spool->failure(), refused ? Reason::refused_multipart_syntax : Reason::none);
  }
}

}  // namespace
}  // namespace pelton::http

#include "http/serve/arriving_body.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(ArrivingBody, RSP_024_what_has_come_is_taken_once_and_in_order) {
  BlockPool blocks;
  ArrivingBody body(blocks);
  body.append("ab");
  body.append("cd");
  EXPECT_EQ(body.waiting_bytes(), 4u);
  EXPECT_EQ(body.take(), "abcd");
  EXPECT_EQ(body.waiting_bytes(), 0u);
  EXPECT_FALSE(body.awaited());
  body.append("ef");
  EXPECT_FALSE(body.take_news());  // nobody waits
  EXPECT_EQ(body.take(), "ef");
  body.complete();
  EXPECT_TRUE(body.ended());
  EXPECT_EQ(body.take(), "");
  EXPECT_FALSE(body.awaited());
}

TEST(ArrivingBody, RSP_024_who_waits_has_news_once) {
  BlockPool blocks;
  ArrivingBody body(blocks);
  EXPECT_FALSE(body.begun());
  EXPECT_EQ(body.take(), "");
  EXPECT_TRUE(body.awaited());
  EXPECT_FALSE(body.take_news());
  body.append("");
  EXPECT_FALSE(body.begun());
  EXPECT_FALSE(body.take_news());
  body.append("a");
  EXPECT_TRUE(body.begun());
  EXPECT_TRUE(body.take_news());
  EXPECT_FALSE(body.take_news());
  EXPECT_FALSE(body.ended());
  EXPECT_EQ(body.take(), "a");
  EXPECT_EQ(body.take(), "");
  // The end is news too.
  body.complete();
  EXPECT_TRUE(body.take_news());
  EXPECT_TRUE(body.ended());
}

}  // namespace
}  // namespace pelton::http

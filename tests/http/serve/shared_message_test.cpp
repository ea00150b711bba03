#include "http/serve/shared_message.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/http/websocket/client.hpp"

namespace pelton::http {
namespace {

using websocket::told;

TEST(SharedMessage, WS_052_one_frame_of_each_kind_is_made_and_only_for_who_asks) {
  BlockPool blocks;
  websocket::Deflater deflater;
  const std::string octets(500, 'a');
  {
    SharedMessage message(MessageKind::text, octets, blocks, deflater, 100);
    EXPECT_EQ(blocks.blocks_lent(), 0u);
    const std::string_view plain = message.frame_for({});
    EXPECT_EQ(told(plain), "text:" + octets);
    EXPECT_EQ(blocks.blocks_lent(), 1u);
    const std::string_view deflated = message.frame_for({.agreed = true});
    EXPECT_EQ(told(deflated), "ztext:" + octets);
    EXPECT_EQ(message.frame_for({}).data(), plain.data());
    EXPECT_EQ(message.frame_for({.agreed = true, .window_bits = 12}).data(), deflated.data());
    // Whose window is smaller than ours.
    EXPECT_EQ(message.frame_for({.agreed = true, .window_bits = 11}).data(), plain.data());
  }
  EXPECT_EQ(blocks.blocks_lent(), 0u);
}

TEST(SharedMessage, WS_052_what_is_kept_outlives_the_octets_it_was_made_of) {
  BlockPool blocks;
  websocket::Deflater deflater;
  std::string octets(500, 'a');
  SharedMessage message(MessageKind::text, octets, blocks, deflater, 100);
  EXPECT_TRUE(message.keep());
  EXPECT_TRUE(message.keep());
  octets.assign(500, 'b');
  EXPECT_EQ(told(message.frame_for({})), "text:" + std::string(500, 'a'));
  EXPECT_EQ(told(message.frame_for({.agreed = true})), "ztext:" + std::string(500, 'a'));
}

TEST(SharedMessage, LIM_077_short_ones_and_those_that_do_not_shrink_are_plain) {
  BlockPool blocks;
  websocket::Deflater deflater;
  const std::string below(99, 'a');
  SharedMessage message(MessageKind::binary, below, blocks, deflater, 100);
  EXPECT_EQ(told(message.frame_for({.agreed = true})), "binary:" + below);
  SharedMessage dense(MessageKind::binary, "\x01\x82\x03", blocks, deflater, 0);
  EXPECT_EQ(told(dense.frame_for({.agreed = true})), "binary:\x01\x82\x03");
}

}  // namespace
}  // namespace pelton::http

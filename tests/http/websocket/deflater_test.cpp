#include "http/websocket/deflater.hpp"

#include <gtest/gtest.h>

#include <string>

#include "client.hpp"
#include "tests/support/seeded_random.hpp"

namespace pelton::http::websocket {
namespace {

std::string deflate_once(Deflater& deflater, std::string_view message, std::uint8_t window_bits) {
  BlockPool blocks;
  Output output(blocks);
  deflater.deflate(message, window_bits, output);
  return std::string(output.view());
}

TEST(Deflater, WS_061_no_message_knows_of_the_one_before) {
  Deflater deflater;
  const std::string message(5000, 'a');
  const std::string first = deflate_once(deflater, message, 15);
  deflate_once(deflater, "something else", 15);
  EXPECT_EQ(deflate_once(deflater, message, 15), first);
  EXPECT_EQ(inflated(first), message);
}

TEST(Deflater, WS_062_the_window_is_no_larger_than_the_peers_nor_than_ours) {
  support::SeededRandom random(1);
  // It repeats itself only at a distance.
  std::string message;
  for (int octet = 0; octet < 3000; ++octet) message += static_cast<char>(random.below(256));
  message += message;
  Deflater deflater;
  for (std::uint8_t bits = 9; bits <= 15; ++bits) {
    const std::string octets = deflate_once(deflater, message, bits);
    // A peer with just that window can read it.
    EXPECT_EQ(inflated(octets, std::min<int>(bits, 12)), message) << int{bits};
    EXPECT_EQ(octets.size() < 4000, bits >= 12) << int{bits};
  }
}

TEST(Deflater, of_any_length) {
  Deflater deflater;
  for (const std::size_t bytes : {0u, 1u, 100u, 65535u, 65536u, 1'000'000u}) {
    const std::string message(bytes, 'x');
    EXPECT_EQ(inflated(deflate_once(deflater, message, 12)), message);
  }
}

TEST(Deflater, WS_062_a_frame_that_would_be_no_shorter_is_not_written) {
  Deflater deflater;
  BlockPool blocks;
  Output output(blocks);
  output.append("ahead");
  EXPECT_FALSE(write_deflated(output, Opcode::text, "short", 12, deflater));
  EXPECT_EQ(output.view(), "ahead");
  for (const std::size_t bytes : {200u, 100'000u, 4'000'000u}) {
    output.truncate(5);
    const std::string message(bytes, 'a');
    EXPECT_TRUE(write_deflated(output, Opcode::text, message, 12, deflater));
    EXPECT_EQ(told(output.view().substr(5)), "ztext:" + message);
  }
}

}  // namespace
}  // namespace pelton::http::websocket

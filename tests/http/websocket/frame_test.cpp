#include "http/websocket/frame.hpp"

#include <gtest/gtest.h>

#include <string>

#include "client.hpp"

namespace pelton::http::websocket {
namespace {

using State = FrameHeadReader::State;
using Context = FrameHeadReader::Context;

struct Read {
  State state;
  std::size_t bytes;
};

Read read(std::string_view octets, const Context& context = {}) {
  FrameHeadReader reader;
  std::string_view rest = octets;
  const State state = reader.read(rest, context);
  // However it comes, it says the same and stops at the same octet (SEG-001).
  FrameHeadReader slow;
  State slow_state = State::need_more;
  std::size_t taken = 0;
  while (taken < octets.size() && slow_state == State::need_more) {
    std::string_view one = octets.substr(taken, 1);
    slow_state = slow.read(one, context);
    if (one.empty()) ++taken;
  }
  EXPECT_EQ(slow_state, state);
  EXPECT_EQ(taken, octets.size() - rest.size());
  return {state, taken};
}

TEST(FrameHeadReader, WS_010_a_frame_without_a_mask_is_refused_at_its_second_octet) {
  EXPECT_EQ(read(frame({.payload = "a"})).state, State::complete);
  const Read bare = read(frame({.payload = "a", .masked = false}));
  EXPECT_EQ(bare.state, State::rejected);
  EXPECT_EQ(bare.bytes, 1u);
}

TEST(FrameHeadReader, WS_011_reserved_bits_are_refused_at_the_first_octet) {
  for (unsigned reserved = 1; reserved < 8; ++reserved) {
    for (const bool may_deflate : {false, true}) {
      const Context context{.may_deflate = may_deflate};
      const bool good = reserved == 4 && may_deflate;
      const Read data = read(frame({.reserved = reserved}), context);
      EXPECT_EQ(data.state, good ? State::complete : State::rejected) << reserved;
      EXPECT_EQ(data.bytes, good ? 6u : 0u);
      EXPECT_EQ(read(frame({.opcode = 9, .reserved = reserved}), context).state, State::rejected);
      EXPECT_EQ(read(frame({.opcode = 0, .reserved = reserved}),
                     {.in_message = true, .may_deflate = may_deflate})
                    .state,
                State::rejected);
    }
  }
}

TEST(FrameHeadReader, WS_012_opcodes_and_what_control_frames_may_be) {
  for (unsigned opcode = 0; opcode < 16; ++opcode) {
    const bool known = opcode == 1 || opcode == 2 || (opcode >= 8 && opcode <= 10);
    EXPECT_EQ(read(frame({.opcode = opcode})).state, known ? State::complete : State::rejected);
  }
  for (const unsigned opcode : {8u, 9u, 10u}) {
    EXPECT_EQ(read(frame({.opcode = opcode, .final = false})).bytes, 0u);
    EXPECT_EQ(read(frame({.opcode = opcode, .payload = std::string(125, 'x')})).state,
              State::complete);
    const Read large = read(frame({.opcode = opcode, .payload = std::string(126, 'x')}));
    EXPECT_EQ(large.state, State::rejected);
    EXPECT_EQ(large.bytes, 1u);
  }
}

TEST(FrameHeadReader, WS_013_lengths_take_their_shortest_form) {
  for (const std::size_t bytes : {0u, 125u, 126u, 127u, 65535u, 65536u, 70000u}) {
    const std::string payload(bytes, 'x');
    FrameHeadReader reader;
    const std::string octets = frame({.payload = payload});
    std::string_view rest = octets;
    ASSERT_EQ(reader.read(rest, {}), State::complete) << bytes;
    EXPECT_EQ(reader.head().payload_bytes, bytes);
    EXPECT_EQ(rest.size(), bytes);
    EXPECT_FALSE(reader.begun());
    const unsigned longer = bytes <= 125 ? 2 : bytes <= 65535 ? 8 : 0;
    if (longer == 0) continue;
    EXPECT_EQ(read(frame({.payload = payload, .length_bytes = longer})).state, State::rejected);
    EXPECT_EQ(read(frame({.payload = payload, .length_bytes = 8})).state, State::rejected);
  }
  const Read huge = read(std::string_view("\x81\xff\x80\0\0\0\0\0\0\0\1\2\3\4", 14));
  EXPECT_EQ(huge.state, State::rejected);
  EXPECT_EQ(huge.bytes, 2u);
  EXPECT_EQ(read(std::string_view("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4", 14)).state,
            State::complete);
}

TEST(FrameHeadReader, WS_014_continuations_stand_inside_a_message_and_nothing_else_does) {
  EXPECT_EQ(read(frame({.opcode = 0})).bytes, 0u);
  EXPECT_EQ(read(frame({.opcode = 0}), {.in_message = true}).state, State::complete);
  EXPECT_EQ(read(frame({.opcode = 1}), {.in_message = true}).bytes, 0u);
  EXPECT_EQ(read(frame({.opcode = 2}), {.in_message = true}).bytes, 0u);
  EXPECT_EQ(read(frame({.opcode = 9}), {.in_message = true}).state, State::complete);
}

TEST(FrameHeadReader, a_head_that_has_begun_says_so) {
  FrameHeadReader reader;
  std::string_view half("\x81");
  EXPECT_EQ(reader.read(half, {}), State::need_more);
  EXPECT_TRUE(reader.begun());
}

TEST(Frame, WS_018_what_is_written_is_unmasked_and_shortest) {
  BlockPool blocks;
  for (const std::size_t bytes : {0u, 1u, 125u, 126u, 65535u, 65536u}) {
    Output output(blocks);
    const std::string payload(bytes, 'x');
    write_frame(output, Opcode::binary, payload);
    EXPECT_EQ(frames_in(output.view()),
              (std::vector<ServerFrame>{{.opcode = 2, .payload = payload}}));
  }
  Output output(blocks);
  write_close(output, 0, {});
  write_close(output, 4321, "why");
  EXPECT_EQ(told(output.view()), "close: close:4321why");
}

}  // namespace
}  // namespace pelton::http::websocket

#include "http/websocket/message_reader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "client.hpp"
#include "core/reason.hpp"
#include "tests/support/allocations.hpp"

namespace pelton::http::websocket {
namespace {

using Event = MessageReader::Event;

constexpr ReaderLimits usual = {
    .message_bytes_max = 1 << 20, .fragments_max = 1024, .inflate_ratio_max = 25};

// Reads all of it, in pieces of so many octets, and says what it heard: "text:a ping:b
// failed:1002 websocket_protocol".
std::string heard_in_pieces(std::string_view input, std::size_t piece_bytes,
                            const ReaderLimits& limits, bool may_deflate) {
  BlockPool blocks;
  InflaterPool inflaters;
  std::string heard;
  {
    MessageReader reader(blocks, inflaters, limits, may_deflate);
    for (std::size_t at = 0; at < input.size(); at += piece_bytes) {
      std::string piece(input.substr(at, piece_bytes));
      std::span<char> octets(piece);
      while (true) {
        const MessageReader::Step step = reader.read(octets);
        octets = octets.subspan(step.consumed_bytes);
        if (step.event == Event::need_more) break;
        if (!heard.empty()) heard += ' ';
        const std::string payload(step.octets);
        switch (step.event) {
          case Event::text:
            heard += "text:" + payload;
            break;
          case Event::binary:
            heard += "binary:" + payload;
            break;
          case Event::ping:
            heard += "ping:" + payload;
            break;
          case Event::pong:
            heard += "pong:" + payload;
            break;
          case Event::close:
            heard += "close:" + std::to_string(step.code) + payload;
            break;
          default:
            heard += "failed:" + std::to_string(step.code) + " ";
            heard += reason_row(step.reason).word;
            return heard;
        }
      }
      EXPECT_TRUE(octets.empty());
    }
    if (reader.in_frame()) heard += heard.empty() ? "..." : " ...";
  }
  EXPECT_EQ(inflaters.lent(), 0u);
  EXPECT_EQ(blocks.blocks_lent(), 0u);
  return heard;
}

// The same at every split and octet by octet (SEG-001).
std::string heard(const std::string& input, const ReaderLimits& limits = usual,
                  bool may_deflate = false) {
  std::string whole = heard_in_pieces(input, input.size() + 1, limits, may_deflate);
  const std::size_t step = input.size() / 300 + 1;
  for (std::size_t piece = 1; piece < input.size(); piece += step) {
    EXPECT_EQ(heard_in_pieces(input, piece, limits, may_deflate), whole) << piece;
  }
  return whole;
}

std::string fragment(unsigned opcode, std::string_view payload, bool final = false,
                     unsigned reserved = 0) {
  return frame({.opcode = opcode, .payload = payload, .final = final, .reserved = reserved});
}

TEST(MessageReader, WS_014_messages_in_one_frame_and_in_many) {
  EXPECT_EQ(heard(text("hello")), "text:hello");
  EXPECT_EQ(heard(text("") + binary("")), "text: binary:");
  EXPECT_EQ(heard(fragment(1, "a") + fragment(0, "") + fragment(0, "b") + fragment(0, "c", true) +
                  text("d")),
            "text:abc text:d");
  EXPECT_EQ(heard(fragment(1, "") + fragment(0, "", true)), "text:");
  EXPECT_EQ(heard(fragment(2, "a") + fragment(9, "p", true) + fragment(0, "b", true)),
            "ping:p binary:ab");
  EXPECT_EQ(heard(fragment(10, "x", true)), "pong:x");
  EXPECT_EQ(heard(text("a") + fragment(0, "b")), "text:a failed:1002 websocket_protocol");
  EXPECT_EQ(heard(fragment(1, "a") + text("b")), "failed:1002 websocket_protocol");
  const std::string large(70'000, 'x');
  EXPECT_EQ(heard(binary(large) + text("end")), "binary:" + large + " text:end");
}

TEST(MessageReader, WS_010_WS_011_WS_012_WS_013_a_bad_head_ends_it) {
  for (const std::string& input :
       {frame({.masked = false}), frame({.reserved = 4}), frame({.reserved = 1}),
        frame({.opcode = 3}), frame({.opcode = 11}), fragment(9, "a"),
        frame({.opcode = 9, .payload = std::string(126, 'x')}),
        frame({.payload = "a", .length_bytes = 2})}) {
    EXPECT_EQ(heard(text("a") + input + text("b")), "text:a failed:1002 websocket_protocol");
  }
}

TEST(MessageReader, WS_015_text_fails_where_it_becomes_impossible) {
  EXPECT_EQ(heard(text("\xce\xba\xf0\x9f\x98\x80")), "text:\xce\xba\xf0\x9f\x98\x80");
  EXPECT_EQ(heard(fragment(1, "\xf0\x9f") + fragment(0, "\x98\x80", true)),
            "text:\xf0\x9f\x98\x80");
  EXPECT_EQ(heard(text("a\xed\xa0\x80")), "failed:1007 websocket_utf8");
  EXPECT_EQ(heard(text("a\xc3")), "failed:1007 websocket_utf8");
  EXPECT_EQ(heard(binary("a\xff")), "binary:a\xff");
  // Long before the frame is whole, and before the message is.
  const std::string large = text(std::string("\xf4\x90") + std::string(1000, 'x'));
  EXPECT_EQ(heard(large.substr(0, 10)), "failed:1007 websocket_utf8");
  EXPECT_EQ(heard(fragment(1, "a\x80")), "failed:1007 websocket_utf8");
}

TEST(MessageReader, WS_016_LIM_070_size_is_judged_by_the_head) {
  const ReaderLimits limits{
      .message_bytes_max = 300, .fragments_max = 1024, .inflate_ratio_max = 25};
  for (const std::size_t bytes : {299u, 300u, 301u}) {
    const std::string verdict = bytes <= 300 ? "..." : "failed:1009 websocket_message_too_big";
    const std::string input = binary(std::string(bytes, 'x'));
    EXPECT_EQ(heard(input.substr(0, 8), limits), verdict) << bytes;
    const std::string rest = fragment(0, std::string(bytes - 100, 'x'), true);
    const std::string parts = fragment(2, std::string(100, 'x')) + rest;
    EXPECT_EQ(heard(parts, limits), bytes <= 300 ? "binary:" + std::string(bytes, 'x') : verdict);
  }
  EXPECT_EQ(heard(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4", 14)),
            "failed:1009 websocket_message_too_big");
}

TEST(MessageReader, LIM_071_fragments_are_counted_against_octets) {
  const ReaderLimits limits{
      .message_bytes_max = 1 << 20, .fragments_max = 4, .inflate_ratio_max = 25};
  const auto fragments = [&](std::size_t count, std::string_view payload) {
    std::string input = fragment(2, payload, count == 1);
    for (std::size_t index = 1; index < count; ++index) {
      input += fragment(0, payload, index + 1 == count);
    }
    return heard(input, limits);
  };
  EXPECT_EQ(fragments(3, "a"), "binary:aaa");
  EXPECT_EQ(fragments(4, "a"), "binary:aaaa");
  EXPECT_EQ(fragments(5, "a"), "failed:1009 websocket_fragments");
  // Each 64 octets allow one more.
  EXPECT_EQ(fragments(100, std::string(64, 'x')).substr(0, 7), "binary:");
  EXPECT_EQ(fragments(100, std::string(32, 'x')), "failed:1009 websocket_fragments");
}

TEST(MessageReader, WS_030_what_a_close_may_say) {
  EXPECT_EQ(heard(close(0)), "close:1005");
  EXPECT_EQ(heard(close(1000, "bye")), "close:1000bye");
  EXPECT_EQ(heard(close(4999, std::string(123, 'x'))), "close:4999" + std::string(123, 'x'));
  EXPECT_EQ(heard(frame({.opcode = 8, .payload = "a"})), "failed:1002 websocket_protocol");
  for (const unsigned code : {999u, 1004u, 1005u, 1006u, 1015u, 2999u, 5000u}) {
    EXPECT_EQ(heard(close(code)), "failed:1002 websocket_protocol") << code;
  }
  EXPECT_EQ(heard(close(1000, "\xc3")), "failed:1007 websocket_utf8");
}

TEST(MessageReader, WS_063_deflated_messages) {
  const std::string message = "hello hello hello h\xc3\xa9llo";
  const std::string octets = deflated(message);
  EXPECT_EQ(heard(fragment(1, octets, true, 4), usual, true), "text:" + message);
  EXPECT_EQ(heard(fragment(1, octets, true, 4)), "failed:1002 websocket_protocol");
  const std::string parts = fragment(2, octets.substr(0, 3), false, 4) + fragment(9, "p", true) +
                            fragment(0, octets.substr(3)) + fragment(0, "", true);
  EXPECT_EQ(heard(parts + text("plain"), usual, true), "ping:p binary:" + message + " text:plain");
  EXPECT_EQ(
      heard(fragment(2, octets.substr(0, 3), false, 4) + fragment(0, "", true, 4), usual, true),
      "failed:1002 websocket_protocol");
  EXPECT_EQ(heard(fragment(2, "\xff\xff\xff", true, 4), usual, true),
            "failed:1007 websocket_inflate");
  EXPECT_EQ(heard(fragment(1, deflated("a\xff"), true, 4), usual, true),
            "failed:1007 websocket_utf8");
  EXPECT_EQ(heard(fragment(1, deflated("a\xc3"), true, 4), usual, true),
            "failed:1007 websocket_utf8");
  EXPECT_EQ(heard(fragment(1, {}, true, 4), usual, true), "text:");
}

TEST(MessageReader, WS_016_LIM_070_the_inflated_size_counts) {
  ReaderLimits limits = usual;
  limits.message_bytes_max = 5000;
  for (const std::size_t bytes : {4999u, 5000u, 5001u}) {
    const std::string message(bytes, 'a');
    EXPECT_EQ(heard(fragment(1, deflated(message), true, 4), limits, true),
              bytes <= 5000 ? "text:" + message : "failed:1009 websocket_message_too_big");
  }
  // What does not shrink may be a little larger on the wire than when it is inflated.
  std::string noise;
  for (unsigned octet = 0, state = 1; octet < 5000; ++octet) {
    state = state * 1103515245 + 12345;
    noise += static_cast<char>(state >> 16);
  }
  const std::string stored = deflated(noise);
  EXPECT_GT(stored.size(), 5000u);
  EXPECT_EQ(heard(fragment(2, stored, true, 4), limits, true), "binary:" + noise);
}

TEST(MessageReader, LIM_076_dense_data_ends_it) {
  ReaderLimits limits = usual;
  limits.message_bytes_max = 1 << 26;
  const std::string bomb = deflated(std::string(8 << 20, 'a'));
  EXPECT_EQ(heard_in_pieces(fragment(2, bomb, true, 4), 4096, limits, true),
            "failed:1009 websocket_inflate");
}

TEST(MessageReader, in_steady_state_nothing_is_allocated) {
  BlockPool blocks;
  InflaterPool inflaters;
  MessageReader reader(blocks, inflaters, usual, true);
  const std::string input = text(std::string(200, 'x')) + fragment(2, std::string(3000, 'y')) +
                            fragment(0, "z", true) +
                            fragment(1, deflated(std::string(2000, 'a')), true, 4);
  const auto read_all = [&](std::string octets) {
    unsigned messages = 0;
    for (std::size_t at = 0; at < octets.size();) {
      const auto step = reader.read(std::span(octets).subspan(at));
      at += step.consumed_bytes;
      messages += step.event == Event::text || step.event == Event::binary;
    }
    reader.read({});
    return messages;
  };
  EXPECT_EQ(read_all(input), 3u);
  std::string again = input;
  const std::uint64_t before = support::allocations();
  EXPECT_EQ(read_all(std::move(again)), 3u);
  EXPECT_EQ(support::allocations(), before);
}

}  // namespace
}  // namespace pelton::http::websocket

#include "http/h1/streamed_body.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "http/h1/head_parser.hpp"

namespace pelton::http::h1 {
namespace {

using Framing = StreamedBody::Framing;

class StreamedBodyTest : public testing::Test {
 protected:
  std::string take() {
    std::string taken(output_.view());
    output_.release();
    return taken;
  }

  Stats stats_;
  BlockPool pool_;
  Output output_{pool_};
};

TEST_F(StreamedBodyTest, RSP_006_RSP_021_each_piece_is_a_chunk_but_an_empty_one) {
  StreamedBody body(Framing::chunked, 0, false);
  for (const std::size_t bytes : {1u, 9u, 10u, 15u, 16u, 255u, 256u, 70'000u}) {
    const std::string piece(bytes, 'x');
    body.write(output_, piece);
    body.write(output_, "");
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes);
    EXPECT_EQ(take(), size.data() + piece + "\r\n");
  }
  EXPECT_TRUE(body.wants_more());
  body.finish(output_, {}, stats_);
  EXPECT_EQ(take(), "0\r\n\r\n");
  EXPECT_EQ(body.body_bytes(), 1u + 9 + 10 + 15 + 16 + 255 + 256 + 70'000);
}

TEST_F(StreamedBodyTest, RSP_012_a_declared_length_is_met_and_never_exceeded) {
  const std::uint64_t n = 10;
  for (const std::uint64_t bytes : {n - 1, n, n + 1}) {
    StreamedBody body(Framing::length, n, false);
    for (std::uint64_t octet = 0; octet < bytes; ++octet) body.write(output_, "x");
    body.finish(output_, {}, stats_);
    EXPECT_EQ(take(), std::string(std::min(bytes, n), 'x'));
    EXPECT_EQ(body.is_short(), bytes < n);
    EXPECT_EQ(body.has_surplus(), bytes > n);
    EXPECT_EQ(body.wants_more(), bytes < n);
    EXPECT_FALSE(body.ends_connection());
  }
}

TEST_F(StreamedBodyTest, RSP_003_where_there_is_no_body_nothing_leaves) {
  StreamedBody body(Framing::none, 10, false);
  EXPECT_FALSE(body.wants_more());
  body.write(output_, "x");
  body.finish(output_, {}, stats_);
  EXPECT_TRUE(output_.empty());
  EXPECT_FALSE(body.is_short());
}

TEST_F(StreamedBodyTest, RSP_006_a_body_until_the_close_is_plain_octets) {
  StreamedBody body(Framing::until_close, 0, true);
  body.write(output_, "abc");
  body.finish(output_, {}, stats_);
  EXPECT_EQ(take(), "abc");
  EXPECT_TRUE(body.ends_connection());
}

TEST_F(StreamedBodyTest, RSP_022_trailers_are_judged_as_those_of_requests) {
  const std::array<FieldView, 4> trailers{
      {{"Digest", "abc"}, {"Set-Cookie", "a=b"}, {"Bad Name", "x"}, {"X", "a\r\nY: z"}}};
  StreamedBody takes(Framing::chunked, 0, true);
  takes.finish(output_, trailers, stats_);
  EXPECT_EQ(take(), "0\r\nDigest: abc\r\n\r\n");
  EXPECT_EQ(stats_.of(Reason::dropped_response_trailer), 3u);
  StreamedBody takes_none(Framing::chunked, 0, false);
  takes_none.finish(output_, trailers, stats_);
  EXPECT_EQ(take(), "0\r\n\r\n");
}

TEST(TakesTrailers, RSP_022_only_by_the_word_in_the_list) {
  const auto takes = [](const std::string& fields) {
    const std::string octets = "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    std::array<Field, 100> read;
    HeadParser parser(HeadLimits{}, read, scanner_for(CpuFeatures::of_this_machine()));
    EXPECT_EQ(parser.parse(octets), Verdict::complete);
    return takes_trailers(parser.head());
  };
  EXPECT_TRUE(takes("TE: trailers\r\n"));
  EXPECT_TRUE(takes("te: deflate;q=0.5 ,\tTRAILERS\r\n"));
  EXPECT_TRUE(takes("TE: gzip\r\nTE: trailers\r\n"));
  EXPECT_FALSE(takes(""));
  EXPECT_FALSE(takes("TE: \r\n"));
  EXPECT_FALSE(takes("TE: trailersx, x-trailers\r\n"));
  EXPECT_FALSE(takes("Trailer: trailers\r\n"));
}

}  // namespace
}  // namespace pelton::http::h1

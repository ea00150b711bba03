// What the codec adds to nghttp2: frames for streams that are over, and limits of its own.
#include "http/h2/nghttp2_codec.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/http/h2/spoken.hpp"

namespace pelton::http {
namespace {

using h2::ErrorCode;
using support::data;
using support::request;

TEST(Nghttp2Codec, RFC_9113_5_1_frames_for_a_stream_that_has_ended) {
  for (const std::string& late : {data(1, "x"), request(1, "/")}) {
    Spoken spoken;
    spoken.say(request(1, "/"));
    EXPECT_TRUE(spoken.stream(1).ended);
    spoken.say(late);
    EXPECT_EQ(spoken.came.goaway_code, ErrorCode::stream_closed);
    EXPECT_EQ(spoken.count(Reason::cut_h2_protocol), 1u);
    EXPECT_TRUE(spoken.closed());
  }
}

TEST(Nghttp2Codec, RFC_9113_5_1_after_a_reset_by_the_client_nothing_may_follow) {
  Spoken spoken;
  spoken.say(request(1, "/later/x", "POST", {}, false) + support::reset(1, ErrorCode::cancel));
  spoken.say(data(1, "x"));
  EXPECT_EQ(spoken.came.goaway_code, ErrorCode::stream_closed);
}

TEST(Nghttp2Codec, RFC_9113_5_1_after_a_reset_of_ours_frames_may_still_be_on_their_way) {
  Spoken spoken;
  spoken.say(request(1, "/nowhere", "POST", {}, false));
  EXPECT_TRUE(spoken.stream(1).was_reset);
  spoken.say(data(1, "x", false) + data(1, "y"));
  EXPECT_FALSE(spoken.came.went_away);
}

TEST(Nghttp2Codec, RFC_9113_5_1_1_a_stream_below_the_last_one) {
  Spoken spoken;
  spoken.say(request(5, "/"));
  spoken.say(request(3, "/"));
  EXPECT_EQ(spoken.came.goaway_code, ErrorCode::protocol_error);
  EXPECT_EQ(spoken.stream(3).status, 0);
}

TEST(Nghttp2Codec, octets_of_bodies_that_nobody_takes_do_not_close_the_window) {
  Spoken spoken;
  for (std::uint32_t index = 0; index != 100; ++index) {
    const std::uint32_t stream = 1 + 2 * index;
    spoken.say(request(stream, "/nowhere", "POST", {}, false) +
               data(stream, std::string(16384, 'x'), false) + data(stream, "x"));
    EXPECT_EQ(spoken.stream(stream).status, 404);
  }
  EXPECT_FALSE(spoken.came.went_away);
}

}  // namespace
}  // namespace pelton::http

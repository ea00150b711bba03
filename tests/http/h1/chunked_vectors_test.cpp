// Every vector under vectors/chunked in every segmentation (SEG-001 to SEG-006).
#include <gtest/gtest.h>

#include <string>

#include "tests/http/h1/feed.hpp"
#include "tests/http/h1/vectors.hpp"

namespace pelton::http::testing_h1 {
namespace {

void expect_outcome(const Vector& vector, const BodyResult& result) {
  using State = ChunkedDecoder::State;
  EXPECT_EQ(result.consumed_bytes, vector.point);
  switch (vector.outcome) {
    case Vector::Outcome::accepted:
      ASSERT_EQ(result.state, State::complete) << reason_row(result.reason).word;
      break;
    case Vector::Outcome::refused:
      ASSERT_EQ(result.state, State::rejected);
      EXPECT_EQ(reason_row(result.reason).counter_class, "refused");
      EXPECT_EQ(reason_row(result.reason).word, vector.reason);
      break;
    case Vector::Outcome::unfinished:
      ASSERT_EQ(result.state, State::need_more) << reason_row(result.reason).word;
      break;
  }
  for (const std::string& fact : vector.facts) {
    const std::size_t equals = fact.find('=');
    const bool count = fact.substr(0, equals) == "body_bytes";
    EXPECT_EQ(count ? std::to_string(result.body.size()) : result.body, fact.substr(equals + 1));
  }
}

TEST(ChunkedVectors, SEG_005_give_one_outcome_however_they_are_cut) {
  std::uint32_t seed = 1;
  for (const Vector& vector : all_vectors("chunked")) {
    SCOPED_TRACE(vector.where);
    const BodyResult whole = read_chunked(vector.octets, {});
    expect_outcome(vector, whole);
    for (const Cuts& cuts : segmentations(vector.octets.size(), vector.point, ++seed)) {
      SCOPED_TRACE(cuts.empty() ? 0 : cuts[0]);
      ASSERT_EQ(read_chunked(vector.octets, cuts), whole);
    }
  }
}

TEST(ChunkedVectors, SEG_004_look_at_nothing_behind_their_end) {
  for (const Vector& vector : all_vectors("chunked")) {
    SCOPED_TRACE(vector.where);
    if (vector.outcome == Vector::Outcome::unfinished) continue;
    const BodyResult alone = read_chunked(vector.octets, {});
    EXPECT_EQ(read_chunked(vector.octets + "GET / HTTP/1.1\r\n\r\n", {}), alone);
    EXPECT_EQ(read_chunked(vector.octets + std::string("\0\n", 2), {}), alone);
  }
}

}  // namespace
}  // namespace pelton::http::testing_h1

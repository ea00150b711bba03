#include "http/h1/chunked_decoder.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/http/h1/feed.hpp"
#include "tests/http/h1/mutations.hpp"
#include "tests/http/h1/vectors.hpp"

namespace pelton::http {
namespace {

using testing_h1::read_chunked;

TEST(ChunkedDecoder, H1_065_data_are_views_of_the_input) {
  const std::string octets = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET";
  const HeadLimits head_limits;
  const BodyLimits body_limits;
  ChunkedDecoder decoder;
  decoder.begin(head_limits, body_limits, 100);
  std::string_view rest = octets;
  ChunkedDecoder::Step step = decoder.decode(rest);
  EXPECT_EQ(step.state, ChunkedDecoder::State::data);
  EXPECT_EQ(step.data, "hello");
  EXPECT_EQ(step.data.data(), octets.data() + 3);
  rest.remove_prefix(step.consumed_bytes);
  step = decoder.decode(rest);
  EXPECT_EQ(step.data, " world");
  rest.remove_prefix(step.consumed_bytes);
  step = decoder.decode(rest);
  EXPECT_EQ(step.state, ChunkedDecoder::State::complete);
  EXPECT_EQ(rest.substr(step.consumed_bytes), "GET");
  EXPECT_EQ(decoder.body_bytes(), 11u);
}

TEST(ChunkedDecoder, serves_one_body_after_another) {
  const HeadLimits head_limits;
  const BodyLimits body_limits;
  ChunkedDecoder decoder;
  decoder.begin(head_limits, body_limits, 100);
  EXPECT_EQ(decoder.decode("x").state, ChunkedDecoder::State::rejected);
  EXPECT_EQ(decoder.reason(), Reason::refused_chunk_size);
  decoder.reset();
  decoder.begin(head_limits, body_limits, 100);
  EXPECT_EQ(decoder.decode("").state, ChunkedDecoder::State::need_more);
  EXPECT_EQ(decoder.decode("0\r\n\r\n").state, ChunkedDecoder::State::complete);
  EXPECT_EQ(decoder.reason(), Reason::none);
}

TEST(ChunkedDecoder, SEG_005_damaged_bodies_give_one_outcome_however_they_are_cut) {
  std::vector<std::string> originals;
  for (const auto& vector : testing_h1::all_vectors("chunked")) {
    if (vector.octets.size() <= 2048) originals.push_back(vector.octets);
  }
  testing_h1::Mutations mutations(std::move(originals), 4);
  std::minstd_rand random(5);
  for (int round = 0; round < 50'000; ++round) {
    const std::string& octets = mutations.next();
    const auto whole = read_chunked(octets, {});
    testing_h1::Cuts cuts;
    for (std::size_t at = 1; at < octets.size(); ++at) {
      if (random() % 4 == 0) cuts.push_back(at);
    }
    ASSERT_EQ(read_chunked(octets, cuts), whole) << testing::PrintToString(octets);
  }
}

}  // namespace
}  // namespace pelton::http

#include "http/websocket/inflater.hpp"

#include <gtest/gtest.h>

#include <string>

#include "client.hpp"

namespace pelton::http::websocket {
namespace {

using Verdict = Inflater::Verdict;

struct Result {
  Verdict verdict;
  std::string message;

  bool operator==(const Result&) const = default;
};

Result inflate_in_pieces(std::string_view octets, std::size_t piece_bytes,
                         const InflateLimits& limits) {
  BlockPool blocks;
  Output output(blocks);
  InflaterPool pool;
  auto inflater = pool.lend();
  inflater->begin(limits);
  Verdict verdict = Verdict::good;
  while (!octets.empty() && verdict == Verdict::good) {
    verdict = inflater->inflate(octets.substr(0, piece_bytes), output);
    octets.remove_prefix(std::min(piece_bytes, octets.size()));
  }
  if (verdict == Verdict::good) verdict = inflater->finish(output);
  pool.give_back(std::move(inflater));
  EXPECT_EQ(pool.lent(), 0u);
  return {verdict, std::string(output.view())};
}

Result inflate(std::string_view octets,
               const InflateLimits& limits = {.output_bytes_max = 1 << 20, .ratio_max = 25}) {
  const Result whole = inflate_in_pieces(octets, octets.size() + 1, limits);
  for (const std::size_t piece : {1u, 2u, 3u, 7u}) {
    if (octets.size() / piece > 20'000) continue;
    EXPECT_EQ(inflate_in_pieces(octets, piece, limits), whole);
  }
  return whole;
}

TEST(Inflater, RFC_7692_section_7_2_3) {
  using namespace std::string_view_literals;
  const Result hello{Verdict::good, "Hello"};
  EXPECT_EQ(inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"sv), hello);
  // No compression, a final block, and two blocks.
  EXPECT_EQ(inflate("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"sv), hello);
  EXPECT_EQ(inflate("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"sv), hello);
  EXPECT_EQ(inflate("\xf3\x48\xcd\xc9\xc9\x07\x00"sv), hello);
  EXPECT_EQ(inflate("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"sv), hello);
  // Behind a final block the next one begins anew.
  EXPECT_EQ(inflate("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00"sv),
            (Result{Verdict::good, "HelloHello"}));
  EXPECT_EQ(inflate(""), (Result{Verdict::good, ""}));
  EXPECT_EQ(inflate("\x00"sv), (Result{Verdict::good, ""}));
}

TEST(Inflater, WS_063_bad_data_is_told) {
  using namespace std::string_view_literals;
  for (const std::string_view octets :
       {"\xff\xff\xff"sv, "\x06"sv, "\x00\x05\x00\x00\x00"sv, "\xf2\x48\xcd"sv,
        "\x00\x06\x00\xf9\xff\x48"sv, "\xf2\x48\xcd\xc9\xc9"sv}) {
    EXPECT_EQ(inflate(octets).verdict, Verdict::bad_data);
  }
  // A distance back beyond the beginning: no message knows of one before.
  EXPECT_EQ(inflate("\xca\x40\x17\x00"sv).verdict, Verdict::bad_data);
}

TEST(Inflater, WS_063_LIM_070_output_stops_at_the_limit) {
  for (const std::size_t bytes : {1u, 4096u, 70'000u}) {
    const std::string octets = deflated(std::string(bytes, 'a'));
    const InflateLimits fits{.output_bytes_max = bytes, .ratio_max = 25};
    EXPECT_EQ(inflate(octets, fits), (Result{Verdict::good, std::string(bytes, 'a')}));
    const InflateLimits less{.output_bytes_max = bytes - 1, .ratio_max = 25};
    EXPECT_EQ(inflate(octets, less), (Result{Verdict::too_big, std::string(bytes - 1, 'a')}));
  }
}

TEST(Inflater, LIM_076_density_is_judged_beyond_a_mebibyte) {
  const InflateLimits limits{.output_bytes_max = 1 << 26, .ratio_max = 25};
  const std::string fits = deflated(std::string(ratio_judged_beyond_bytes, 'a'));
  EXPECT_EQ(inflate(fits, limits).verdict, Verdict::good);
  const Result dense = inflate(deflated(std::string(1 << 25, 'a')), limits);
  EXPECT_EQ(dense.verdict, Verdict::too_dense);
  EXPECT_LE(dense.message.size(), 2u << 20);
}

TEST(InflaterPool, WS_061_inflaters_are_used_again) {
  InflaterPool pool;
  auto first = pool.lend();
  Inflater* const address = first.get();
  pool.give_back(std::move(first));
  auto again = pool.lend();
  EXPECT_EQ(again.get(), address);
  EXPECT_EQ(pool.lent(), 1u);
  pool.give_back(std::move(again));
}

}  // namespace
}  // namespace pelton::http::websocket

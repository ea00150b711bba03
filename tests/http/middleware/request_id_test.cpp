#include "http/middleware/request_id.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "parsed_request.hpp"

namespace pelton::http::middleware {
namespace {

constexpr std::uint64_t seed = 0x0123'4567'89AB'CDEF;

std::string numbered(RequestIds& ids, const std::string& lines = "") {
  const ParsedRequest request(lines);
  RequestHead head = request.head();
  ids.number(head);
  const std::string first(ids.of(head));
  EXPECT_EQ(ids.of(head), first);
  return first;
}

TEST(RequestIds, each_request_has_another_one) {
  RequestIds ids({}, seed);
  EXPECT_EQ(ids.header(), "X-Request-ID");
  EXPECT_EQ(numbered(ids), "0123456789abcdef179533cff272025a");
  std::set<std::string> seen;
  for (int count = 0; count < 1000; ++count) {
    const std::string id = numbered(ids);
    EXPECT_EQ(id.size(), 32u);
    EXPECT_TRUE(id.starts_with("0123456789abcdef"));
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(RequestIds, a_request_without_a_number_has_none) {
  RequestIds ids({}, seed);
  EXPECT_EQ(ids.of(RequestHead{}), "");
}

TEST(RequestIds, a_client_s_own_is_taken_over_only_where_it_is_trusted) {
  RequestIds strict({}, seed);
  EXPECT_EQ(numbered(strict, "X-Request-ID: mine\r\n").size(), 32u);
  RequestIds trusting({.header = "X-Trace", .trusts_incoming = true}, seed);
  EXPECT_EQ(numbered(trusting, "x-trace: mine-1\r\n"), "mine-1");
  EXPECT_EQ(numbered(trusting, "x-trace: " + std::string(128, 'x') + "\r\n"),
            std::string(128, 'x'));
  EXPECT_EQ(numbered(trusting).size(), 32u);
}

TEST(RequestIds, what_would_have_to_be_escaped_in_a_log_is_not_taken_over) {
  RequestIds trusting({.trusts_incoming = true}, seed);
  for (const std::string value : {"", "a b", "a\"b", "a\\b", "\xC3\xA9", "a\tb"}) {
    EXPECT_TRUE(numbered(trusting, "X-Request-ID: " + value + "\r\n").starts_with("0123")) << value;
  }
  EXPECT_TRUE(
      numbered(trusting, "X-Request-ID: " + std::string(129, 'x') + "\r\n").starts_with("0123"));
}

}  // namespace
}  // namespace pelton::http::middleware

#include "http/serve/incoming_message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

TEST(IncomingMessage, a_head_kept_here_outlives_the_octets_it_was_read_from) {
  BlockPool blocks;
  const HeadLimits limits;
  const Scanner& scanner = scanner_for(CpuFeatures::of_this_machine());
  std::vector<Field> fields(limits.header_count_max);
  HeadParser parser(limits, fields, scanner);
  {
    IncomingMessage incoming(blocks, limits, scanner);
    {
      std::string octets = "PUT /path?q HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\nrest";
      ASSERT_EQ(parser.parse(octets), Verdict::complete);
      incoming.keep_head(parser.head());
      octets.assign(octets.size(), '#');
      fields.assign(fields.size(), Field{});
    }
    const RequestHead& head = incoming.head_in_place();
    EXPECT_EQ(head.text(head.path), "/path");
    EXPECT_EQ(head.text(head.query), "q");
    ASSERT_EQ(head.fields.size(), 2u);
    EXPECT_EQ(head.text(head.fields[1].value), "b");
    incoming.clear();
    EXPECT_TRUE(incoming.octets.empty());
  }
  EXPECT_EQ(blocks.blocks_lent(), 0u);
}

}  // namespace
}  // namespace pelton::http

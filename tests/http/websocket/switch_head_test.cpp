#include "http/websocket/switch_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pelton::http::websocket {
namespace {

class SwitchHeadTest : public testing::Test {
 protected:
  bool write(std::span<const FieldView> fields, std::string_view protocol = {}) {
    output_.release();
    return write_switch_head(output_,
                             {.key = "dGhlIHNhbXBsZSBub25jZQ==",
                              .protocol = protocol,
                              .deflate = {.agreed = true, .window_bits = 10, .states_window = true},
                              .date = "Sun, 06 Nov 1994 08:49:37 GMT",
                              .fields = fields},
                             stats_);
  }

  BlockPool blocks_;
  Output output_{blocks_};
  Stats stats_;
};

TEST_F(SwitchHeadTest, WS_007_exactly_what_belongs_to_it) {
  const std::vector<FieldView> fields = {{"Set-Cookie", "a=b"},
                                         {"Upgrade", "h2c"},
                                         {"sec-websocket-extensions", "x"},
                                         {"Date", "now"}};
  ASSERT_TRUE(write(fields, "chat"));
  EXPECT_EQ(output_.view(),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: chat\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover; server_max_window_bits=10\r\n"
            "Set-Cookie: a=b\r\n\r\n");
  EXPECT_EQ(stats_.of(Reason::dropped_response_header), 3u);
}

TEST_F(SwitchHeadTest, RSP_014_RSP_015_fields_that_may_not_be_sent) {
  const std::string large(64 * 1024, 'x');
  for (const FieldView& field : std::vector<FieldView>{{"a b", "c"},
                                                       {"", "c"},
                                                       {"a", "b\r\nc: d"},
                                                       {"a", std::string_view("\0", 1)},
                                                       {"a", large}}) {
    EXPECT_FALSE(write({&field, 1})) << field.name;
    EXPECT_TRUE(output_.empty());
  }
  EXPECT_TRUE(write(std::vector<FieldView>(256, {"a", "b"})));
  EXPECT_FALSE(write(std::vector<FieldView>(257, {"a", "b"})));
}

}  // namespace
}  // namespace pelton::http::websocket

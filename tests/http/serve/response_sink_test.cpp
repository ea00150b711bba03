#include "http/serve/response_sink.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

class ResponseSinkTest : public testing::Test {
 protected:
  // Writes a response with the body "hello"; returns its octets but for the Date line.
  std::string written(ResponseSink& sink, std::uint16_t status, Method method = Method::get) {
    output_.release();
    EXPECT_EQ(sink.begin({.status = status, .content_type = &type_}, {.method = method}),
              HeadFault::none);
    EXPECT_TRUE(sink.body_output().append("hello"));
    EXPECT_EQ(sink.finish(), HeadFault::none);
    std::string octets(output_.view());
    const std::size_t date = octets.find("Date: ");
    return octets.erase(date, octets.find("\r\n", date) + 2 - date);
  }

  Stats stats_;
  BlockPool pool_;
  h1::ResponseBlocks blocks_;
  h1::ResponseWriter writer_{blocks_, stats_};
  Output output_{pool_};
  const ContentType type_{"a/b"};
};

TEST_F(ResponseSinkTest, head_body_and_length) {
  ResponseSink sink(writer_, output_, Persistence::keep);
  EXPECT_EQ(written(sink, 200),
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(writer_.body_bytes_in(output_), 5u);
}

TEST_F(ResponseSinkTest, RSP_003_no_body_leaves_for_head) {
  ResponseSink sink(writer_, output_, Persistence::keep);
  EXPECT_EQ(written(sink, 200, Method::head),
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(writer_.body_bytes_in(output_), 0u);
}

TEST_F(ResponseSinkTest, how_the_connection_goes_on_may_change_before_it_begins) {
  ResponseSink sink(writer_, output_, Persistence::keep);
  sink.persist(Persistence::close);
  EXPECT_EQ(sink.persistence(), Persistence::close);
  EXPECT_NE(written(sink, 404).find("\r\nConnection: close\r\n"), std::string::npos);
}

}  // namespace
}  // namespace pelton::http

#include "http/h1/response_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace pelton::http::h1 {
namespace {

class ResponseWriterTest : public testing::Test {
 protected:
  ResponseWriterTest() { blocks_.refresh(784111777); }

  HeadFault write(const ResponseHead& head, std::string_view body,
                  Persistence persistence = Persistence::keep, Method method = Method::get) {
    HeadFault fault = writer_.begin(output_, head, persistence, {.method = method});
    if (fault != HeadFault::none) return fault;
    output_.append(body);
    return writer_.finish(output_);
  }

  std::string written(const ResponseHead& head, std::string_view body,
                      Persistence persistence = Persistence::keep, Method method = Method::get) {
    const std::size_t start = output_.size();
    EXPECT_EQ(write(head, body, persistence, method), HeadFault::none);
    return std::string(output_.view().substr(start));
  }

  const RequestHead get_{.method = Method::get};
  Stats stats_;
  BlockPool pool_;
  ResponseBlocks blocks_;
  ResponseWriter writer_{blocks_, stats_};
  Output output_{pool_};
  const ContentType text_{"text/plain"};
};

constexpr const char* date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

TEST_F(ResponseWriterTest, RSP_004_a_whole_body_has_its_exact_length_however_the_digits_change) {
  for (const std::size_t bytes : {0u, 5u, 9u, 10u, 99u, 100u, 12345u, 7u}) {
    const std::string body(bytes, 'x');
    EXPECT_EQ(written({.content_type = &text_}, body),
              std::string("HTTP/1.1 200 OK\r\n") + date +
                  "Content-Type: text/plain\r\nContent-Length: " + std::to_string(bytes) +
                  "\r\n\r\n" + body);
  }
}

TEST_F(ResponseWriterTest, WS_001_WS_002_a_426_names_what_to_upgrade_to) {
  for (const std::size_t bytes : {2u, 200u, 0u}) {
    const std::size_t start = output_.size();
    EXPECT_EQ(writer_.begin_naming_websocket(output_, {.status = 426, .content_type = &text_},
                                             Persistence::close, get_),
              HeadFault::none);
    output_.append(std::string(bytes, 'x'));
    EXPECT_EQ(writer_.finish(output_), HeadFault::none);
    EXPECT_EQ(output_.view().substr(start),
              std::string("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
                          "Connection: upgrade\r\nSec-WebSocket-Version: 13\r\n") +
                  date + "Content-Type: text/plain\r\nConnection: close\r\nContent-Length: " +
                  std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x'));
  }
  const FieldView bad{"a b", "c"};
  EXPECT_EQ(writer_.begin_naming_websocket(output_, {.status = 426, .fields = {&bad, 1}},
                                           Persistence::keep, get_),
            HeadFault::header);
}

TEST_F(ResponseWriterTest, RSP_001_no_body_and_no_length_for_204_and_304) {
  EXPECT_EQ(written({.status = 204}, "ignored"),
            std::string("HTTP/1.1 204 No Content\r\n") + date + "\r\n");
  EXPECT_EQ(written({.status = 304}, ""),
            std::string("HTTP/1.1 304 Not Modified\r\n") + date + "\r\n");
  EXPECT_EQ(written({.status = 205}, "ignored"),
            std::string("HTTP/1.1 205 Reset Content\r\n") + date + "Content-Length: 0\r\n\r\n");
}

TEST_F(ResponseWriterTest, RSP_003_head_has_the_length_of_get_and_no_octet_of_the_body) {
  EXPECT_EQ(written({}, "twelve bytes", Persistence::keep, Method::head),
            std::string("HTTP/1.1 200 OK\r\n") + date + "Content-Length: 12\r\n\r\n");
  const FieldView stated{"Content-Length", "34"};
  EXPECT_EQ(written({.fields = {&stated, 1}}, "", Persistence::keep, Method::head),
            std::string("HTTP/1.1 200 OK\r\n") + date + "Content-Length: 34\r\n\r\n");
}

TEST_F(ResponseWriterTest, RSP_010_statuses_outside_200_to_599_are_a_fault) {
  for (const std::uint16_t status : {0, 100, 101, 199, 600, 999}) {
    EXPECT_EQ(write({.status = status}, ""), HeadFault::status) << status;
  }
  EXPECT_TRUE(output_.empty());
  EXPECT_EQ(write({.status = 599}, ""), HeadFault::none);
}

TEST_F(ResponseWriterTest, RSP_011_RSP_012_the_handlers_content_length_is_the_bodys_or_a_fault) {
  const FieldView right{"content-length", "2"};
  EXPECT_EQ(written({.fields = {&right, 1}}, "ab"),
            std::string("HTTP/1.1 200 OK\r\n") + date + "Content-Length: 2\r\n\r\nab");
  const std::size_t before = output_.size();
  EXPECT_EQ(write({.fields = {&right, 1}}, "abc"), HeadFault::length);
  for (const char* value : {"02", "+2", "2,2", "", "0x2", "99999999999999999999"}) {
    const FieldView wrong{"Content-Length", value};
    EXPECT_EQ(write({.fields = {&wrong, 1}}, "ab"), HeadFault::header) << value;
  }
  EXPECT_EQ(output_.size(), before);
}

TEST_F(ResponseWriterTest, RSP_013_hop_by_hop_fields_are_left_out_and_counted) {
  const std::array fields = {FieldView{"Transfer-Encoding", "chunked"},
                             FieldView{"keep-alive", "timeout=5"},
                             FieldView{"Connection", "x-private"},
                             FieldView{"Proxy-Connection", "keep-alive"},
                             FieldView{"Upgrade", "h2c"},
                             FieldView{"TE", "trailers"},
                             FieldView{"X-Kept", "1"}};
  EXPECT_EQ(written({.fields = fields}, ""),
            std::string("HTTP/1.1 200 OK\r\n") + date + "X-Kept: 1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(stats_.of(Reason::dropped_response_header), 6u);
}

TEST_F(ResponseWriterTest, CON_023_the_handler_may_ask_for_the_end_of_the_connection) {
  const FieldView field{"Connection", "Close"};
  EXPECT_EQ(
      written({.fields = {&field, 1}}, ""),
      std::string("HTTP/1.1 200 OK\r\n") + date + "Connection: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(writer_.close_wanted());
  EXPECT_NE(written({}, "", Persistence::keep_stated).find("Connection: keep-alive\r\n"),
            std::string::npos);
  EXPECT_FALSE(writer_.close_wanted());
}

TEST_F(ResponseWriterTest, RSP_014_nothing_can_be_injected) {
  for (const std::string_view value :
       {std::string_view("a\r\nb: c"), std::string_view("a\nb"), std::string_view("a\rb"),
        std::string_view("a\0b", 3), std::string_view("a\x7f"), std::string_view("a\x01")}) {
    const FieldView field{"x-a", value};
    EXPECT_EQ(write({.fields = {&field, 1}}, ""), HeadFault::header);
    const ContentType type(value);
    EXPECT_EQ(write({.content_type = &type}, ""), HeadFault::header);
  }
  for (const char* name : {"", "a b", "a:", "a\r\n", "ä"}) {
    const FieldView field{name, "v"};
    EXPECT_EQ(write({.fields = {&field, 1}}, ""), HeadFault::header) << name;
  }
}

TEST_F(ResponseWriterTest, RSP_015_a_head_is_bounded_in_fields_and_octets) {
  std::vector<FieldView> fields(256, FieldView{"a", "b"});
  EXPECT_EQ(write({.fields = fields}, ""), HeadFault::none);
  fields.push_back({"a", "b"});
  EXPECT_EQ(write({.fields = fields}, ""), HeadFault::header);
  const std::string long_value(64 * 1024, 'x');
  const FieldView field{"a", long_value};
  EXPECT_EQ(write({.fields = {&field, 1}}, ""), HeadFault::header);
}

TEST_F(ResponseWriterTest, RSP_017_a_handlers_date_replaces_ours) {
  const FieldView field{"date", "Thu, 01 Jan 1970 00:00:00 GMT"};
  EXPECT_EQ(written({.fields = {&field, 1}}, ""),
            "HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseWriterTest, RSP_018_what_the_server_adds_gives_way_to_the_handlers_own) {
  ResponseDefaults defaults;
  ASSERT_EQ(defaults.add("Server", "pelton"), "");
  ASSERT_EQ(defaults.add("X-Frame-Options", "DENY"), "");
  ResponseWriter writer(blocks_, stats_, defaults);
  const auto written_by = [&](const ResponseHead& head) {
    const std::size_t start = output_.size();
    EXPECT_EQ(writer.begin(output_, head, Persistence::keep, get_), HeadFault::none);
    output_.append("ok");
    EXPECT_EQ(writer.finish(output_), HeadFault::none);
    return std::string(output_.view().substr(start));
  };
  const std::string end = "Content-Length: 2\r\n\r\nok";
  const std::string both = "Server: pelton\r\nX-Frame-Options: DENY\r\n";
  const ReadyHead ready(200, "text/plain");
  EXPECT_FALSE(writer.copies(ready, Persistence::keep, get_));
  EXPECT_EQ(written_by(ResponseHead{}), std::string("HTTP/1.1 200 OK\r\n") + date + both + end);
  EXPECT_EQ(written_by(ready.parts()), std::string("HTTP/1.1 200 OK\r\n") + date + both +
                                           "Content-Type: text/plain\r\n" + end);
  const FieldView own{"server", "mine"};
  EXPECT_EQ(written_by(ResponseHead{.fields = std::span(&own, 1)}),
            std::string("HTTP/1.1 200 OK\r\n") + date +
                "X-Frame-Options: DENY\r\nserver: mine\r\n" + end);
}

// What a request says decides.
class Echoing final : public ResponseAdditions {
 public:
  std::span<const FieldView> additions_for(const RequestHead& request) override {
    fields_[1].value = request.method == Method::post ? "post" : "other";
    return fields_;
  }

 private:
  std::array<FieldView, 2> fields_{{{"Vary", "Origin"}, {"X-Method", ""}}};
};

TEST_F(ResponseWriterTest, what_a_request_adds_gives_way_to_the_handlers_own_but_for_Vary) {
  Echoing additions;
  ResponseWriter writer(blocks_, stats_, {}, &additions);
  EXPECT_FALSE(writer.copies(ReadyHead(200, "text/plain"), Persistence::keep, get_));
  const auto written_to = [&](Method method, std::span<const FieldView> fields) {
    const std::size_t start = output_.size();
    EXPECT_EQ(writer.begin(output_, {.fields = fields}, Persistence::keep, {.method = method}),
              HeadFault::none);
    EXPECT_EQ(writer.finish(output_), HeadFault::none);
    return std::string(output_.view().substr(start));
  };
  const std::string begin = std::string("HTTP/1.1 200 OK\r\n") + date;
  const std::string end = "Content-Length: 0\r\n\r\n";
  EXPECT_EQ(written_to(Method::post, {}), begin + "Vary: Origin\r\nX-Method: post\r\n" + end);
  EXPECT_EQ(written_to(Method::get, {}), begin + "Vary: Origin\r\nX-Method: other\r\n" + end);
  const std::array<FieldView, 2> own{{{"vary", "Accept"}, {"x-method", "mine"}}};
  EXPECT_EQ(written_to(Method::get, own),
            begin + "Vary: Origin\r\nvary: Accept\r\nx-method: mine\r\n" + end);
}

TEST_F(ResponseWriterTest, RSP_017_no_date_where_none_is_wanted_but_the_handlers) {
  ResponseDefaults defaults;
  defaults.leave_out_date();
  ResponseWriter writer(blocks_, stats_, defaults);
  const ReadyHead head(200, "text/plain");
  EXPECT_FALSE(writer.copies(head, Persistence::keep, get_));
  EXPECT_EQ(writer.begin(output_, head.parts(), Persistence::keep, get_), HeadFault::none);
  EXPECT_EQ(writer.finish(output_), HeadFault::none);
  EXPECT_EQ(output_.view(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseWriterTest, an_abandoned_response_leaves_the_ones_before_it) {
  const std::string first = written({}, "first");
  ASSERT_EQ(writer_.begin(output_, {}, Persistence::keep, get_), HeadFault::none);
  output_.append("half a bo");
  writer_.abandon(output_);
  EXPECT_EQ(output_.view(), first);
}

TEST_F(ResponseWriterTest, RSP_016_an_application_may_have_its_own_phrase) {
  const FieldView own_date{"Date", "today"};
  EXPECT_EQ(written({.status = 404, .phrase = "Not Here"}, "x"),
            std::string("HTTP/1.1 404 Not Here\r\n") + date + "Content-Length: 1\r\n\r\nx");
  EXPECT_EQ(written({.status = 299, .fields = {&own_date, 1}, .phrase = "\xe9t\xe9"}, ""),
            "HTTP/1.1 299 \xe9t\xe9\r\nDate: today\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(written({.status = 204, .phrase = std::string(5000, 'x')}, ""),
            "HTTP/1.1 204 " + std::string(5000, 'x') + "\r\n" + date + "\r\n");
  for (const std::string_view unclean : {"a\r\nb: c", "a\nb", "\x01"}) {
    EXPECT_EQ(written({.status = 404, .phrase = unclean}, ""),
              std::string("HTTP/1.1 404 Not Found\r\n") + date + "Content-Length: 0\r\n\r\n");
    EXPECT_EQ(written({.status = 200, .fields = {&own_date, 1}, .phrase = unclean}, ""),
              "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 0\r\n\r\n");
  }
}

TEST_F(ResponseWriterTest, RSP_010_early_hints_are_links_in_a_103) {
  const std::array<std::string_view, 2> links{"<a>", ""};
  EXPECT_EQ(ResponseWriter::write_early_hints(output_, links), HeadFault::none);
  EXPECT_EQ(output_.view(), "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nLink: \r\n\r\n");
  const std::size_t before = output_.size();
  const std::string most(64 * 1024 - 36, 'x');
  const std::string more = most + "x";
  const std::vector<std::string_view> many(257, "a");
  for (const std::vector<std::string_view>& bad :
       {std::vector<std::string_view>{"a\nb"}, std::vector<std::string_view>{more}, many}) {
    EXPECT_EQ(ResponseWriter::write_early_hints(output_, bad), HeadFault::header);
    EXPECT_EQ(output_.size(), before);
  }
  const std::array<std::string_view, 1> longest{most};
  EXPECT_EQ(ResponseWriter::write_early_hints(output_, longest), HeadFault::none);
  EXPECT_EQ(output_.size() - before, 64u * 1024u);
}

}  // namespace
}  // namespace pelton::http::h1

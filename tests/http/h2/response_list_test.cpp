#include "http/h2/response_list.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/http/h2/frame_client.hpp"

namespace pelton::http::h2 {
namespace {

class ResponseListTest : public testing::Test {
 protected:
  support::FieldList fields(ResponseList& list) {
    support::FieldList copied;
    for (const FieldView& field : list.fields()) copied.emplace_back(field.name, field.value);
    return copied;
  }

  Stats stats_;
  h1::ResponseBlocks blocks_;
  ResponseDefaults defaults_;
};

TEST_F(ResponseListTest, names_in_lower_case_and_none_of_a_connection) {
  defaults_.leave_out_date();
  ASSERT_EQ(defaults_.add("Server", "pelton"), "");
  ASSERT_EQ(defaults_.add("X-Own", "ours"), "");
  ResponseList list(blocks_, stats_, defaults_);
  const ContentType type("text/plain");
  const std::array<FieldView, 7> given{{{"X-One", " 1 "},
                                        {"x-own", "theirs"},
                                        {"Connection", "close"},
                                        {"Keep-Alive", "timeout=5"},
                                        {"Transfer-Encoding", "chunked"},
                                        {"Upgrade", "h2c"},
                                        {"Content-Length", "7"}}};
  ASSERT_EQ(list.begin({.status = 201, .content_type = &type, .fields = given}), HeadFault::none);
  list.add_length(7);
  EXPECT_EQ(list.status(), 201);
  EXPECT_EQ(list.said().declared_length, 7u);
  EXPECT_EQ(fields(list), (support::FieldList{{"server", "pelton"},
                                              {"content-type", "text/plain"},
                                              {"x-one", "1"},
                                              {"x-own", "theirs"},
                                              {"content-length", "7"}}));
}

TEST_F(ResponseListTest, RSP_017_a_date_unless_the_handler_says_one) {
  ResponseList list(blocks_, stats_, defaults_);
  ASSERT_EQ(list.begin({.status = 200}), HeadFault::none);
  ASSERT_EQ(fields(list).size(), 1u);
  EXPECT_EQ(fields(list)[0].second, "Thu, 01 Jan 1970 00:00:00 GMT");
  const FieldView date{"Date", "today"};
  ASSERT_EQ(list.begin({.status = 200, .fields = std::span(&date, 1)}), HeadFault::none);
  EXPECT_EQ(fields(list), (support::FieldList{{"date", "today"}}));
}

TEST_F(ResponseListTest, RSP_010_RSP_011_what_may_not_be_sent) {
  ResponseList list(blocks_, stats_, defaults_);
  for (const std::uint16_t status : {0, 199, 600}) {
    EXPECT_EQ(list.begin({.status = status}), HeadFault::status);
  }
  for (const FieldView& field : {FieldView{"a b", "c"}, FieldView{"", "c"}, FieldView{"a", "b\nc"},
                                 FieldView{":status", "200"}}) {
    EXPECT_EQ(list.begin({.status = 200, .fields = std::span(&field, 1)}), HeadFault::header);
  }
  const ContentType bad("a\nb");
  EXPECT_EQ(list.begin({.status = 200, .content_type = &bad}), HeadFault::header);
}

TEST_F(ResponseListTest, H1_068_trailers_that_may_be_sent) {
  ResponseList list(blocks_, stats_, defaults_);
  const std::array<FieldView, 3> given{{{"X-Sum", "1"}, {"Content-Length", "1"}, {"a b", "c"}}};
  list.begin_trailers(given);
  EXPECT_EQ(fields(list), (support::FieldList{{"x-sum", "1"}}));
  EXPECT_EQ(stats_.of(Reason::dropped_response_trailer), 2u);
}

TEST_F(ResponseListTest, RSP_010_links_of_early_hints) {
  ResponseList list(blocks_, stats_, defaults_);
  const std::array<std::string_view, 2> links{"</a>; rel=preload", "</b>; rel=preload"};
  ASSERT_EQ(list.begin_early_hints(links), HeadFault::none);
  EXPECT_EQ(fields(list).size(), 2u);
  const std::array<std::string_view, 1> bad{"a\r\nb"};
  EXPECT_EQ(list.begin_early_hints(bad), HeadFault::header);
}

}  // namespace
}  // namespace pelton::http::h2

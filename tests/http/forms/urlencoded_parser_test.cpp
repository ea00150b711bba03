#include "http/forms/urlencoded_parser.hpp"

#include <gtest/gtest.h>

#include "http/message/percent.hpp"

namespace pelton::http {
namespace {

using Event = UrlencodedParser::Event;

// "a=1;b=2;", and "!reason" where it failed.
std::string heard_of(std::string_view body, std::uint64_t fields_max, std::size_t piece_bytes,
                     std::size_t cut = 0) {
  std::string heard;
  std::string key;
  std::string value;
  UrlencodedParser parser(fields_max);
  const auto take = [&](const UrlencodedParser::Step& step) {
    if (step.event == Event::field) {
      heard.append(form_text(step.field.key, key)).append("=");
      heard.append(form_text(step.field.value, value)).append(";");
    }
    if (step.event == Event::failed) heard.append("!").append(reason_row(step.reason).word);
    return step.event == Event::field;
  };
  const auto feed = [&](std::string_view piece) {
    std::string copy(piece);
    std::string_view rest = copy;
    UrlencodedParser::Step step;
    do {
      step = parser.read(rest);
      rest.remove_prefix(step.consumed_bytes);
    } while (take(step));
    return step.event != Event::failed;
  };
  if (cut != 0 && !feed(body.substr(0, cut))) return heard;
  for (std::size_t at = cut; at < body.size(); at += std::min(piece_bytes, body.size() - at)) {
    if (!feed(body.substr(at, piece_bytes))) return heard;
  }
  take(parser.finish());
  return heard;
}

std::string heard(std::string_view body, std::uint64_t fields_max = 1000) {
  const std::string whole = heard_of(body, fields_max, body.size() + 1);
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    EXPECT_EQ(heard_of(body, fields_max, body.size() + 1, cut), whole) << cut;
  }
  for (const std::size_t piece_bytes : {1, 2, 3}) {
    EXPECT_EQ(heard_of(body, fields_max, piece_bytes), whole) << piece_bytes;
  }
  return whole;
}

TEST(UrlencodedParser, FRM_011_fields_at_every_split) {
  EXPECT_EQ(heard(""), "");
  EXPECT_EQ(heard("a=1&b=2&a=3"), "a=1;b=2;a=3;");
  EXPECT_EQ(heard("&&a&=b&&c=d=e&"), "a=;=b;c=d=e;");
  EXPECT_EQ(heard("name=J%C3%BCrgen+M%26M&x=%zz%4"), "name=J\xc3\xbcrgen M&M;x=%zz%4;");
  EXPECT_EQ(heard("a=%FF&b=\xc3"), "a=\xef\xbf\xbd;b=\xef\xbf\xbd;");
  EXPECT_EQ(heard("a=1;b=2"), "a=1;b=2;");
}

TEST(UrlencodedParser, LIM_041_the_number_of_fields) {
  // form_fields_max: n - 1, n, n + 1.
  EXPECT_EQ(heard("a&b", 3), "a=;b=;");
  EXPECT_EQ(heard("a&b&c&", 3), "a=;b=;c=;");
  EXPECT_EQ(heard("a&b&c&d", 3), "a=;b=;c=;!form_fields");
  EXPECT_EQ(heard("a&b&c&d&e", 3), "a=;b=;c=;!form_fields");
  EXPECT_EQ(heard("", 0), "");
  EXPECT_EQ(heard("a", 0), "!form_fields");
}

TEST(UrlencodedParser, a_failure_is_for_good) {
  UrlencodedParser parser(0);
  EXPECT_EQ(parser.read("a&").event, Event::failed);
  EXPECT_EQ(parser.read("b").event, Event::failed);
  EXPECT_EQ(parser.finish().event, Event::failed);
}

TEST(UrlencodedParser, a_whole_field_is_handed_out_where_it_lies) {
  const std::string body = "key=value&";
  UrlencodedParser parser(1);
  EXPECT_EQ(parser.read(body).field.key.data(), body.data());
}

}  // namespace
}  // namespace pelton::http

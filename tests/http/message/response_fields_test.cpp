#include "http/message/response_fields.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace pelton::http {
namespace {

class ResponseFields : public testing::Test {
 protected:
  HeadFault judge(std::span<const FieldView> fields) {
    bytes_ = 0;
    said_ = {};
    return judge_response_fields(fields, bytes_, said_, stats_);
  }

  Stats stats_;
  SaidFields said_;
  std::size_t bytes_ = 0;
};

TEST_F(ResponseFields, what_the_handler_has_said) {
  const std::array<FieldView, 4> fields{
      {{"DATE", "x"}, {"Content-length", "12"}, {"connection", "close"}, {"upgrade", "x"}}};
  EXPECT_EQ(judge(fields), HeadFault::none);
  EXPECT_TRUE(said_.date && said_.length && said_.close);
  EXPECT_EQ(said_.declared_length, 12u);
  EXPECT_EQ(stats_.of(Reason::dropped_response_header), 1u);
}

TEST_F(ResponseFields, RSP_011_RSP_012_bad_names_values_and_lengths) {
  for (const FieldView& field : {FieldView{"", "x"}, FieldView{"a:", "x"}, FieldView{"a", "\r"},
                                 FieldView{"content-length", "1x"}}) {
    EXPECT_EQ(judge(std::span(&field, 1)), HeadFault::header) << field.name;
  }
  const std::array<FieldView, 2> twice{{{"content-length", "1"}, {"content-length", "1"}}};
  EXPECT_EQ(judge(twice), HeadFault::header);
}

TEST_F(ResponseFields, RSP_015_number_and_size) {
  const std::vector<FieldView> most(response_fields_max, FieldView{"a", "b"});
  EXPECT_EQ(judge(most), HeadFault::none);
  EXPECT_EQ(judge(std::vector<FieldView>(response_fields_max + 1, FieldView{"a", "b"})),
            HeadFault::header);
  const std::string value(response_head_bytes_max - 5, 'x');
  const FieldView largest{"a", value};
  EXPECT_EQ(judge(std::span(&largest, 1)), HeadFault::none);
  EXPECT_EQ(bytes_, response_head_bytes_max);
  const std::string more = value + 'x';
  const FieldView too_large{"a", more};
  EXPECT_EQ(judge(std::span(&too_large, 1)), HeadFault::header);
}

TEST_F(ResponseFields, fields_that_the_server_sets) {
  for (const char* name : {"Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive"}) {
    EXPECT_TRUE(is_set_by_server({name, "1"})) << name;
  }
  EXPECT_FALSE(is_set_by_server({"Date", "1"}));
}

}  // namespace
}  // namespace pelton::http

#include "http/message/media_type.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(MediaType, UPL_001_json_is_application_json_or_a_json_suffix_in_utf8) {
  for (const char* type : {"application/json", "Application/JSON",
                           "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
                           "application/problem+json", "text/x+json ; a=b", "application/json;"}) {
    EXPECT_TRUE(is_json_type(type)) << type;
  }
  for (const char* type : {"", "text/plain", "application/jsonx", "json", "application/json/x",
                           "application/+json", "application/json; charset=latin-1",
                           "application/x-www-form-urlencoded", "application json"}) {
    EXPECT_FALSE(is_json_type(type)) << type;
  }
}

}  // namespace
}  // namespace pelton::http

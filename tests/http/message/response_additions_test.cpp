#include "http/message/response_additions.hpp"

#include <gtest/gtest.h>

#include <array>

namespace pelton::http {
namespace {

TEST(ResponseAdditions, a_field_of_the_same_name_in_any_case_stands_in_its_place) {
  const std::array<FieldView, 2> fields{{{"x-frame-options", ""}, {"A", "b"}}};
  EXPECT_TRUE(is_said(fields, {"X-Frame-Options", "DENY"}));
  EXPECT_TRUE(is_said(fields, {"a", "c"}));
  EXPECT_FALSE(is_said(fields, {"X-Frame", "DENY"}));
  EXPECT_FALSE(is_said({}, {"X-Frame-Options", "DENY"}));
}

TEST(ResponseAdditions, Vary_adds_up) {
  const std::array<FieldView, 1> fields{{{"Vary", "Accept"}}};
  EXPECT_FALSE(is_said(fields, {"Vary", "Origin"}));
  EXPECT_FALSE(is_said(fields, {"vary", "Origin"}));
}

}  // namespace
}  // namespace pelton::http

#include "http/forms/part_head.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pelton::http {
namespace {

using namespace std::string_view_literals;

// "name", "name file", or the reason's word.
std::string read(const std::vector<std::string_view>& lines) {
  PartHead head;
  for (const std::string_view line : lines) {
    if (const Reason reason = head.take_line(line); reason != Reason::none) {
      return std::string(reason_row(reason).word);
    }
  }
  if (const Reason reason = head.finish(); reason != Reason::none) {
    return std::string(reason_row(reason).word);
  }
  return head.is_file() ? head.name() + " " + head.filename() : head.name();
}

std::string disposition(std::string_view parameters) {
  return read({"Content-Disposition: form-data" + std::string(parameters)});
}

TEST(PartHead, FRM_004_lines_are_those_of_a_request) {
  for (const std::string_view line :
       {"no colon"sv, ": x"sv, "a : x"sv, " a: x"sv, "\ta: x"sv, "a b: x"sv, "a: x\ry"sv,
        "a: x\0y"sv, "a: \x7f"sv, "a: \x01"sv, "\xc3\xa4: x"sv}) {
    EXPECT_EQ(read({"Content-Disposition: form-data; name=a", line}), "multipart_part_headers")
        << line;
  }
  PartHead head;
  EXPECT_EQ(head.take_line("X-a:\t b \xc3\xa4 \t"), Reason::none);
  EXPECT_EQ(head.take_line("Y:"), Reason::none);
  EXPECT_EQ(head.field(0).name, "X-a");
  EXPECT_EQ(head.field(0).value, "b \xc3\xa4");
  EXPECT_EQ(head.field(1).value, "");
  EXPECT_EQ(head.bytes(), 14u);
}

TEST(PartHead, FRM_005_a_disposition_is_form_data_with_one_name) {
  EXPECT_EQ(disposition("; name=\"a\""), "a");
  EXPECT_EQ(disposition(";name=a;x=y"), "a");
  EXPECT_EQ(disposition("; name=\"\""), "");
  EXPECT_EQ(read({"content-disposition:Form-Data; NAME=a"}), "a");
  for (const std::string_view bad :
       {"", "; name", "; name=\"a", "; name=a; name=a", "; filename=a",
        "; name=a; filename=a; filename=b", "; name=a; filename*=UTF-8''a; filename*=UTF-8''a"}) {
    EXPECT_EQ(disposition(bad), "multipart_syntax") << bad;
  }
  EXPECT_EQ(read({}), "multipart_syntax");
  EXPECT_EQ(read({"Content-Type: text/plain"}), "multipart_syntax");
  EXPECT_EQ(read({"Content-Disposition: attachment; name=a"}), "multipart_syntax");
  EXPECT_EQ(
      read({"Content-Disposition: form-data; name=a", "Content-Disposition: form-data; name=a"}),
      "multipart_syntax");
}

TEST(PartHead, FRM_005_file_names_as_browsers_write_them) {
  EXPECT_EQ(disposition(R"(; name="a"; filename="x \"y\".png")"), "a x \"y\".png");
  EXPECT_EQ(disposition(R"(; name="a"; filename="C:\\d\e.txt")"), R"(a C:\d\e.txt)");
  EXPECT_EQ(disposition(R"(; name="a"; filename="%22.png")"), "a %22.png");
  EXPECT_EQ(disposition(R"(; name="a"; filename="")"), "a ");
}

TEST(PartHead, FRM_005_an_extended_name_stands_in_for_an_absent_one) {
  EXPECT_EQ(disposition("; name=a; filename*=UTF-8''%C3%A4%20b.txt"), "a \xc3\xa4 b.txt");
  EXPECT_EQ(disposition("; name=a; filename*=utf-8'de'x%zz"), "a x%zz");
  EXPECT_EQ(disposition("; name=a; filename*=UTF-8''x; filename=y"), "a y");
  EXPECT_EQ(disposition("; name=a; filename*=\"bad\"; filename=y"), "a y");
  for (const std::string_view bad : {"iso-8859-1''a", "UTF-8'a", "a", "UTF-8''%FF"}) {
    EXPECT_EQ(disposition("; name=a; filename*=\"" + std::string(bad) + "\""), "multipart_syntax")
        << bad;
  }
}

TEST(PartHead, FRM_006_transfer_encodings_that_change_nothing_and_nested_parts) {
  const std::string_view named = "Content-Disposition: form-data; name=a";
  for (const std::string_view coding : {"7bit", "8BIT", "binary"}) {
    EXPECT_EQ(read({named, "Content-Transfer-Encoding: " + std::string(coding)}), "a");
  }
  for (const std::string_view coding : {"base64", "quoted-printable", "x", ""}) {
    EXPECT_EQ(read({named, "Content-Transfer-Encoding: " + std::string(coding)}),
              "multipart_syntax");
  }
  PartHead head;
  ASSERT_EQ(head.take_line(named), Reason::none);
  ASSERT_EQ(head.take_line("Content-Type: Multipart/Mixed; boundary=y"), Reason::none);
  ASSERT_EQ(head.finish(), Reason::none);
  EXPECT_TRUE(head.is_file());
  EXPECT_FALSE(head.has_filename());
}

TEST(PartHead, FRM_007_names_are_utf8) {
  EXPECT_EQ(disposition("; name=\"\xc3\xa4\""), "\xc3\xa4");
  EXPECT_EQ(disposition("; name=\"\xe4\""), "form_not_utf8");
  EXPECT_EQ(disposition("; name=a; filename=\"\xe4\""), "form_not_utf8");
}

TEST(PartHead, clear_leaves_nothing) {
  PartHead head;
  ASSERT_EQ(head.take_line("Content-Disposition: form-data; name=a; filename=b"), Reason::none);
  ASSERT_EQ(head.finish(), Reason::none);
  head.clear();
  EXPECT_FALSE(head.is_file());
  EXPECT_EQ(head.field_count(), 0u);
  EXPECT_EQ(head.finish(), Reason::refused_multipart_syntax);
}

}  // namespace
}  // namespace pelton::http

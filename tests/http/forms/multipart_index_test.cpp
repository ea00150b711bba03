#include "http/forms/multipart_index.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

const std::string body =
    "--b\r\nContent-Disposition: form-data; name=a\r\n\r\none\r\n"
    "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n\r\n--\r\r\n--c\r\n"
    "--b\r\nContent-Disposition: form-data; name=e; filename=y\r\n\r\n\r\n--b--\r\nslack";

TEST(MultipartIndex, SEG_006_parts_lie_where_they_are_at_every_split) {
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    MultipartIndex index("b", {});
    index.feed(body.substr(0, cut));
    index.feed(body.substr(cut));
    ASSERT_EQ(index.failure(), Reason::none) << cut;
    ASSERT_EQ(index.failure_at_end(), Reason::none);
    ASSERT_EQ(index.parts().size(), 3u);
    const auto content = [&](std::size_t part) {
      return body.substr(index.parts()[part].begin, index.parts()[part].bytes);
    };
    ASSERT_EQ(content(0), "one") << cut;
    ASSERT_EQ(content(1), "\r\n--\r\r\n--c") << cut;
    ASSERT_EQ(content(2), "") << cut;
    EXPECT_FALSE(index.parts()[0].head.is_file());
    EXPECT_EQ(index.parts()[1].head.name(), "f");
    EXPECT_EQ(index.parts()[2].head.filename(), "y");
  }
}

TEST(MultipartIndex, FRM_003_the_first_fault_stays) {
  MultipartIndex index("b", {.parts_max = 1});
  index.feed(body);
  EXPECT_EQ(index.failure(), Reason::refused_multipart_parts);
  index.feed(body);
  EXPECT_EQ(index.failure(), Reason::refused_multipart_parts);
  EXPECT_EQ(index.parts().size(), 1u);
  MultipartIndex unfinished("b", {});
  unfinished.feed(body.substr(0, 60));
  EXPECT_EQ(unfinished.failure(), Reason::none);
  EXPECT_EQ(unfinished.failure_at_end(), Reason::refused_multipart_syntax);
}

}  // namespace
}  // namespace pelton::http

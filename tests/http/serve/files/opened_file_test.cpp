#include "http/serve/files/opened_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace pelton::http {
namespace {

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) >= 0;
}

TEST(OpenedFile, has_its_descriptor_to_the_end) {
  const int first = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int second = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    OpenedFile file(first, {.bytes = 1});
    OpenedFile moved(std::move(file));
    EXPECT_EQ(file.descriptor(), -1);
    EXPECT_EQ(moved.descriptor(), first);
    file = OpenedFile(second, {.bytes = 2});
    EXPECT_EQ(file.facts().bytes, 2u);
    moved = std::move(file);
    EXPECT_EQ(moved.descriptor(), second);
    EXPECT_TRUE(is_open(second));
  }
  EXPECT_FALSE(is_open(first));
  EXPECT_FALSE(is_open(second));
}

}  // namespace
}  // namespace pelton::http

#include "http/serve/body_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "temporary_directory.hpp"

namespace pelton::http {
namespace {

TEST(BodyFile, FRM_009_octets_lie_in_a_file_without_a_name) {
  auto file = std::make_unique<BodyFile>();
  EXPECT_EQ(file->descriptor(), -1);
  const std::string large(1'000'000, 'x');
  ASSERT_EQ(file->append(std::string_view("ab")), 0);
  ASSERT_EQ(file->append(large), 0);
  EXPECT_EQ(file->bytes(), 1'000'002u);
  EXPECT_EQ(file->view(), "");
  ASSERT_EQ(file->map(), 0);
  EXPECT_EQ(file->view(), "ab" + large);
  struct stat status{};
  ASSERT_EQ(::fstat(file->descriptor(), &status), 0);
  EXPECT_EQ(status.st_nlink, 0u);
  const int descriptor = file->descriptor();
  file.reset();
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
}

TEST(BodyFile, nothing_is_no_file) {
  BodyFile file;
  EXPECT_EQ(file.map(), 0);
  EXPECT_EQ(file.view(), "");
}

TEST(BodyFile, FRM_009_no_room_is_told) {
  const TemporaryDirectory nowhere("/nonexistent");
  BodyFile file;
  EXPECT_NE(file.append(std::string_view("ab")), 0);
}

// A file system without such files: proc has a directory, and nothing can be made in it.
TEST(BodyFile, FRM_009_a_directory_that_takes_no_files) {
  const TemporaryDirectory proc("/proc");
  BodyFile file;
  EXPECT_NE(file.append(std::string_view("ab")), 0);
}

TEST(BodyFile, UPL_005_a_form_is_read_as_it_comes) {
  BodyFile file;
  file.expect_form("b", {});
  ASSERT_EQ(file.append(std::string_view("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1")),
            0);
  ASSERT_NE(file.index(), nullptr);
  EXPECT_EQ(file.index()->parts().size(), 1u);
  ASSERT_EQ(file.append(std::string_view("2\r\n--b--")), 0);
  EXPECT_EQ(file.index()->parts()[0].bytes, 2u);
  EXPECT_EQ(file.index()->failure_at_end(), Reason::none);
}

}  // namespace
}  // namespace pelton::http

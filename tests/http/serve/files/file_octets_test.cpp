#include "http/serve/files/file_octets.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>

#include "folder.hpp"

namespace pelton::http {
namespace {

TEST(FileOctets, STA_017_what_is_in_memory_is_read_at_once) {
  const Folder folder;
  const auto path = folder.write("a", std::string(100'000, 'x') + "end");
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  std::array<char, 16> memory{};
  EXPECT_EQ(read_file(file, 100'000, memory.data(), memory.size()), 3);
  EXPECT_EQ(std::string_view(memory.data(), 3), "end");
  EXPECT_EQ(read_file(file, 100'003, memory.data(), memory.size()), 0);
  warm(file, {0, 100'003});
  EXPECT_NE(is_cached(file, {0, 100'003}), Cached::no);
  const std::int64_t read = read_cached(file, 100'000, memory.data(), memory.size());
  // A file system may not be able to tell.
  EXPECT_TRUE(read == 3 || read == -EAGAIN) << read;
  // Beyond the end there is nothing to be in memory.
  EXPECT_NE(is_cached(file, {0, 10'000'000}), Cached::yes);
  warm(file, {0, 10'000'000});
  ::close(file);
  EXPECT_EQ(read_file(file, 0, memory.data(), memory.size()), -EBADF);
  EXPECT_EQ(is_cached(file, {0, 1}), Cached::untold);
}

}  // namespace
}  // namespace pelton::http

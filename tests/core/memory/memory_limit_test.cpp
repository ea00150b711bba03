#include "core/memory/memory_limit.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace pelton {
namespace {

constexpr std::uint64_t mib = 1 << 20;

// A tree of control groups as the kernel shows it.
class Groups : public testing::Test {
 protected:
  Groups() {
    std::string pattern = testing::TempDir() + "/groupsXXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~Groups() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << '\n';
  }
  std::optional<std::uint64_t> limit(const std::string& groups) {
    write("self", groups);
    return memory_limit_bytes(root_ / "self", root_);
  }

  std::filesystem::path root_;
};

TEST_F(Groups, PRC_044_the_least_limit_on_the_way_to_the_root_holds) {
  write("a/memory.max", "200");
  write("a/b/memory.max", "300");
  write("a/b/c/memory.max", "max");
  EXPECT_EQ(limit("0::/a/b/c"), 200u);
  write("a/b/memory.max", "100");
  EXPECT_EQ(limit("0::/a/b/c"), 100u);
  EXPECT_EQ(limit("0::/a"), 200u);
}

TEST_F(Groups, PRC_044_a_container_sees_its_group_as_the_root) {
  write("memory.max", "500");
  EXPECT_EQ(limit("0::/"), 500u);
  EXPECT_EQ(limit("0::/not/shown/here"), 500u);
}

TEST_F(Groups, PRC_044_the_first_version_of_control_groups_is_read_too) {
  write("memory/a/memory.limit_in_bytes", "700");
  write("memory/memory.limit_in_bytes", "9223372036854771712");  // version 1: no limit
  EXPECT_EQ(limit("8:cpu:/b\n7:hugetlb,memory:/a\n0::/"), 700u);
  EXPECT_EQ(limit("7:memory:/b"), std::nullopt);
}

TEST_F(Groups, PRC_044_nothing_that_limits_is_no_limit) {
  EXPECT_EQ(limit("0::/a"), std::nullopt);
  EXPECT_EQ(limit("nonsense"), std::nullopt);
  EXPECT_EQ(memory_limit_bytes(root_ / "absent", root_), std::nullopt);
}

TEST(MemoryLimit, this_process_has_some_memory) {
  EXPECT_GT(resident_bytes(), 100'000u);
}

TEST(MemoryLimit, PRC_044_buffers_get_the_rest_of_nine_tenths) {
  EXPECT_EQ(buffer_share_bytes(1000 * mib, 1, 100 * mib), 800 * mib);
  EXPECT_EQ(buffer_share_bytes(1000 * mib, 3, 100 * mib), 200 * mib);
  EXPECT_EQ(buffer_share_bytes(160 * mib, 1, 144 * mib), 9 * mib);
  EXPECT_EQ(buffer_share_bytes(160 * mib, 1, 100 * mib), 44 * mib);
  EXPECT_EQ(buffer_share_bytes(0, 0, 100), 1u);
}

TEST(MemoryLimit, PRC_044_without_a_control_group_half_of_the_machine_is_shared) {
  EXPECT_EQ(memory_to_share_bytes(std::nullopt, 1000 * mib), 500 * mib);
  EXPECT_EQ(memory_to_share_bytes(600 * mib, 1000 * mib), 600 * mib);
  EXPECT_EQ(memory_to_share_bytes(2000 * mib, 1000 * mib), 1000 * mib);
  EXPECT_EQ(memory_to_share_bytes(600 * mib, 0), 600 * mib);
  EXPECT_EQ(memory_to_share_bytes(std::nullopt, 0), 0u);
  EXPECT_GT(physical_memory_bytes(), 100 * mib);
}

}  // namespace
}  // namespace pelton

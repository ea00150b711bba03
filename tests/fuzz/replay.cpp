// Runs a fuzz target over its committed corpus as part of the ordinary suite, with any compiler.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes);

namespace {

const std::filesystem::path corpus = PELTON_CORPUS;

TEST(Corpus, is_replayed_without_a_finding) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    files.push_back(entry.path());
  }
  ASSERT_FALSE(files.empty());
  std::ranges::sort(files);
  for (const auto& file : files) {
    // The last name printed is the input that fails.
    SCOPED_TRACE(file.filename());
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> octets((std::istreambuf_iterator<char>(in)), {});
    const auto* const data = reinterpret_cast<const std::uint8_t*>(octets.data());
    EXPECT_EQ(LLVMFuzzerTestOneInput(data, octets.size()), 0);
  }
}

}  // namespace

#include "http/json/string_scan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace pelton::http::json {
namespace {

template <class Block>
void expect_masks(const std::string& text) {
  const Block block = Block::load(text.data());
  std::uint32_t special = 0;
  std::uint32_t high = 0;
  std::uint32_t others = 0;
  for (std::size_t i = 0; i < scan_block_bytes; ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    special |= static_cast<std::uint32_t>(is_special(octet)) << i;
    high |= static_cast<std::uint32_t>(octet >= 0x80) << i;
    others |= static_cast<std::uint32_t>(octet < '0' || octet > '9') << i;
  }
  ASSERT_EQ(block.special(), special);
  ASSERT_EQ(block.high(), high);
  for (const char octet : {'\x7F', 'a', '\xFF', '\0'}) {
    std::uint32_t same = 0;
    for (unsigned i = 0; i < scan_block_bytes; ++i) same |= std::uint32_t{text[i] == octet} << i;
    ASSERT_EQ(block.equal_to(octet), same);
  }
  ASSERT_EQ(block.other_than_digits(), others);
  std::string copy(scan_block_bytes, '?');
  block.store(copy.data());
  ASSERT_EQ(copy, text);
}

TEST(StringScan, every_octet_at_every_place_is_judged_alike_by_both_twins) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    for (std::size_t at = 0; at < scan_block_bytes; ++at) {
      std::string text(scan_block_bytes, 'a');
      text[at] = static_cast<char>(octet);
      ASSERT_NO_FATAL_FAILURE(expect_masks<PortableBlock>(text));
      ASSERT_NO_FATAL_FAILURE(expect_masks<ScanBlock>(text));
    }
  }
}

template <class Block>
void expect_run(const std::vector<char>& text, std::size_t stop, bool ascii) {
  const StringRun run = scan_string_run<Block>(text.data(), text.data() + text.size() - 1);
  ASSERT_EQ(run.stop, text.data() + stop);
  ASSERT_EQ(run.ascii, ascii);
}

TEST(StringScan, a_run_ends_at_the_first_special_octet_wherever_it_is) {
  for (std::size_t size = 0; size < 70; ++size) {
    for (const char stop : {'"', '\\', '\n', '\0'}) {
      for (std::size_t wide = 0; wide <= size; ++wide) {
        // Exact on the heap: behind the stop there is only the NUL that ends every text.
        std::vector<char> text(size + 2, 'a');
        text[size] = stop;
        text[size + 1] = '\0';
        if (wide < size) text[wide] = '\xc3';
        ASSERT_NO_FATAL_FAILURE(expect_run<PortableBlock>(text, size, wide == size));
        ASSERT_NO_FATAL_FAILURE(expect_run<ScanBlock>(text, size, wide == size));
      }
    }
  }
}

TEST(StringScan, what_stands_behind_the_stop_does_not_count) {
  std::vector<char> text(40, '\xff');
  text[5] = '"';
  for (std::size_t i = 0; i < 5; ++i) text[i] = 'a';
  text.back() = '\0';
  ASSERT_NO_FATAL_FAILURE(expect_run<PortableBlock>(text, 5, true));
  ASSERT_NO_FATAL_FAILURE(expect_run<ScanBlock>(text, 5, true));
}

}  // namespace
}  // namespace pelton::http::json

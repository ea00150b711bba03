#include "http/json/plain_copy.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>
#include <vector>

namespace pelton::http::json {
namespace {

using Copy = bool (*)(char* out, const char* text, std::size_t bytes);

void expect_copy(Copy copy, const std::string& text, bool plain) {
  const std::vector<char> exact(text.begin(), text.end());
  std::vector<char> out(std::max(text.size(), short_bytes_max), '?');
  ASSERT_EQ(copy(out.data(), exact.data(), exact.size()), plain) << text.size();
  if (plain) {
    ASSERT_EQ(std::string(out.data(), text.size()), text);
  }
}

void expect_every_place(Copy copy, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>('a' + i % 26);
  ASSERT_NO_FATAL_FAILURE(expect_copy(copy, text, true));
  for (std::size_t at = 0; at < bytes; ++at) {
    for (const char octet : {'"', '\\', '\0', '\x1f', ' ', '\x7f', '\x80', '\xff'}) {
      std::string changed = text;
      changed[at] = octet;
      ASSERT_NO_FATAL_FAILURE(
          expect_copy(copy, changed, !is_special(static_cast<unsigned char>(octet))));
    }
  }
}

TEST(PlainCopy, finds_what_must_be_escaped_at_every_place_of_every_size) {
  for (std::size_t bytes = scan_block_bytes; bytes < 150; ++bytes) {
    ASSERT_NO_FATAL_FAILURE(expect_every_place(&copy_plain_blocks<PortableBlock>, bytes));
    ASSERT_NO_FATAL_FAILURE(expect_every_place(&copy_plain_blocks<ScanBlock>, bytes));
  }
  for (const Copy copy : plain_copies()) {
    for (std::size_t bytes = 1; bytes < 400; bytes += bytes < 150 ? 1 : 13) {
      ASSERT_NO_FATAL_FAILURE(expect_every_place(copy, bytes));
    }
  }
  ASSERT_EQ(copy_plain, plain_copies().front());
}

// What must be escaped stands right behind the text.
template <Copy copy>
bool copy_with_room(char* out, const char* text, std::size_t bytes) {
  std::vector<char> roomy(text, text + bytes);
  // What is behind must not count.
  roomy.resize(bytes + short_bytes_max, '"');
  return copy(out, roomy.data(), bytes);
}

TEST(PlainCopy, short_texts_of_every_size) {
  for (std::size_t bytes = 0; bytes <= short_bytes_max; ++bytes) {
    ASSERT_NO_FATAL_FAILURE(
        expect_every_place(&copy_with_room<&copy_plain_short<PortableBlock>>, bytes));
    ASSERT_NO_FATAL_FAILURE(
        expect_every_place(&copy_with_room<&copy_plain_short<ScanBlock>>, bytes));
    ASSERT_NO_FATAL_FAILURE(
        expect_every_place(&copy_plain_short<PortableBlock>, bytes + (bytes == 0)));
    ASSERT_NO_FATAL_FAILURE(expect_every_place(&copy_plain_short<ScanBlock>, bytes + (bytes == 0)));
  }
}

// Whatever stands behind the text, and behind its end within the same register, counts for nothing.
TEST(PlainCopy, what_stands_behind_a_text_is_not_judged) {
  for (const Copy copy : plain_copies()) {
    for (std::size_t bytes = 0; bytes < 200; ++bytes) {
      const std::string text = std::string(bytes, 'a') + std::string(64, '"');
      std::vector<char> out(std::max(bytes, short_bytes_max));
      ASSERT_TRUE(copy(out.data(), text.data(), bytes)) << bytes;
    }
  }
}

TEST(PlainCopy, a_short_text_at_the_end_of_the_last_page_is_not_read_beyond_it) {
  constexpr std::size_t page_bytes = 4096;
  auto* const pages = static_cast<char*>(
      mmap(nullptr, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(mprotect(pages + page_bytes, page_bytes, PROT_NONE), 0);
  std::vector<Copy> ways(plain_copies().begin(), plain_copies().end());
  ways.push_back(&copy_plain_short<>);
  for (std::size_t bytes = 1; bytes <= short_bytes_max; ++bytes) {
    char* const text = pages + page_bytes - bytes;
    std::memset(text, 'x', bytes);
    for (const Copy copy : ways) {
      char out[short_bytes_max];
      text[bytes - 1] = 'x';
      EXPECT_TRUE(copy(out, text, bytes));
      EXPECT_EQ(std::string(out, bytes), std::string(bytes, 'x'));
      text[bytes - 1] = '"';
      EXPECT_FALSE(copy(out, text, bytes));
    }
  }
  ASSERT_EQ(munmap(pages, 2 * page_bytes), 0);
}

}  // namespace
}  // namespace pelton::http::json

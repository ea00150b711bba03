// Copies the text of a string that needs no escape, and reports if it needs one. Most strings need
// none, so this is most of the cost of encoding them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "http/json/string_scan.hpp"

namespace pelton::http::json {

// The most that copy_plain_short copies, and may write.
inline constexpr std::size_t short_bytes_max = 32;

// Copies a text and returns whether it needs no escape. `out` has room for `bytes`, which is at
// least a block. If it returns false, the octets written are unspecified.
template <class Block = ScanBlock>
inline bool copy_plain_blocks(char* out, const char* text, std::size_t bytes) {
  std::size_t i = 0;
  for (; i + scan_block_bytes < bytes; i += scan_block_bytes) {
    const Block block = Block::load(text + i);
    block.store(out + i);
    if (block.special() != 0) [[unlikely]]
      return false;
  }
  // The last block overlaps the one before.
  const Block last = Block::load(text + bytes - scan_block_bytes);
  last.store(out + bytes - scan_block_bytes);
  return last.special() == 0;
}

// The same for at most short_bytes_max octets, without a branch on the length: most strings are
// short, and their lengths are unpredictable. Reads short_bytes_max octets where they lie in one
// page, so that it cannot fault, and masks those beyond the end. `text` points to readable memory
// even when empty, and `out` has room for short_bytes_max.
template <class Block = ScanBlock>
inline bool copy_plain_short(char* out, const char* text, std::size_t bytes) {
  if (!lies_in_page(text, short_bytes_max)) [[unlikely]] {
    char copy[short_bytes_max] = {};
    std::memcpy(copy, text, bytes);
    std::memcpy(out, copy, short_bytes_max);
    for (std::size_t i = 0; i < bytes; ++i) {
      if (is_special(static_cast<unsigned char>(copy[i]))) return false;
    }
    return true;
  }
  const Block first = Block::load_in_page(text);
  const Block second = Block::load_in_page(text + scan_block_bytes);
  first.store(out);
  second.store(out + scan_block_bytes);
  const std::uint64_t special =
      first.special() | (std::uint64_t{second.special()} << scan_block_bytes);
  return special << (63 - bytes) << 1 == 0;
}

// Copies a text of any length with the machine's widest registers. `out` has room for it and for
// short_bytes_max; `text` points to readable memory even when empty.
using CopyPlain = bool (*)(char* out, const char* text, std::size_t bytes);
// Chosen when the program is loaded, by the machine alone.
extern const CopyPlain copy_plain;

// All variants of copy_plain that this machine can run, the widest first.
std::span<const CopyPlain> plain_copies();

}  // namespace pelton::http::json

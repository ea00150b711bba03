// Which octets of a file are sent, and with which head: conditions and ranges are checked against
// the facts of the descriptor that the octets are read from (STA-006).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/files/byte_ranges.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

struct FileFacts {
  std::uint64_t bytes = 0;
  std::int64_t modified_seconds = 0;
  std::uint32_t modified_nanoseconds = 0;
};

// What the answer says about the file.
struct FileTerms {
  std::string_view content_type;
  std::string_view tag_suffix;  // of a precompressed file
  bool entity_tag = true;
  std::string_view own_tag;  // without `entity_tag`: the tag to compare with, sent by the caller
  bool last_modified = true;
  // Conditions and ranges are checked: for GET or HEAD, unless the application sets the status.
  bool judged = true;
  std::size_t ranges_max = 16;
};

// Text, then octets of the file.
struct FilePart {
  std::string text;
  ByteRange octets;
};

struct FilePlan {
  std::uint16_t status = 200;   // 200, 206, 304, 412 or 416
  bool dropped_ranges = false;  // ignored because there are too many (LIM-065)
  std::string entity_tag;       // empty: not sent
  std::string last_modified;
  std::string content_range;
  std::string content_type;  // of parts; empty: the file's
  std::vector<FilePart> parts;
  std::uint64_t body_bytes = 0;
};

// Returns a random number for the boundary between parts, which no file can foresee.
using BoundarySeed = std::uint64_t (*)();

FilePlan plan_file(const RequestHead& head, const FileFacts& facts, const FileTerms& terms,
                   std::int64_t now_seconds, BoundarySeed boundary_seed);

// `"<size>-<mtime ns><suffix>"`, both in hex (STA-009).
std::string entity_tag_of(const FileFacts& facts, std::string_view suffix);

}  // namespace pelton::http

#include "http/message/path.hpp"

#include "http/message/octet_word.hpp"
#include "http/message/percent.hpp"

namespace pelton::http {
PathShape split_path(std::string_view path, std::span<std::uint32_t> ends) {
  const char* const base = path.data();
  const auto bytes = static_cast<std::uint32_t>(path.size());
  PathShape shape;
  std::uint32_t begin = 1;
  std::uint64_t escapes = 0;

  const auto end_segment = [&](std::uint32_t end) {
    if (is_dot_segment({base + begin, end - begin})) shape.has_dot_segment = true;
    if (shape.segment_count < ends.size()) ends[shape.segment_count] = end;
    ++shape.segment_count;
    begin = end + 1;
  };
  const auto scan = [&](std::uint64_t word, std::uint32_t offset) {
    escapes |= octet_word::equal_to(word, '%');
    for (std::uint64_t slashes = octet_word::equal_to(word, '/'); slashes != 0;
         slashes &= slashes - 1) {
      end_segment(offset + octet_word::first_index(slashes));
    }
  };

  std::uint32_t index = 1;
  for (; index + 8 <= bytes; index += 8) scan(octet_word::load(base + index), index);
  scan(octet_word::load_short(base + index, bytes - index), index);
  end_segment(bytes);
  shape.has_escape = escapes != 0;
  return shape;
}

DecodedPath decode_path(std::string_view path, char* out, std::span<std::uint32_t> ends) {
  DecodedPath decoded;
  std::size_t begin = 1;
  while (true) {
    const std::size_t end = path.find('/', begin);
    out[decoded.bytes++] = '/';
    char* const segment = out + decoded.bytes;
    const std::size_t segment_bytes =
        decode_percent(path.substr(begin, end == path.npos ? end : end - begin), segment);
    if (is_dot_segment({segment, segment_bytes})) decoded.shape.has_dot_segment = true;
    decoded.bytes += segment_bytes;
    if (decoded.shape.segment_count < ends.size()) {
      ends[decoded.shape.segment_count] = static_cast<std::uint32_t>(decoded.bytes);
    }
    ++decoded.shape.segment_count;
    if (end == path.npos) return decoded;
    begin = end + 1;
  }
}

}  // namespace pelton::http

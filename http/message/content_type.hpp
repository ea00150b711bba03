// The type of a response's content (RFC 9110 section 8.3), checked once and kept as its field line.
// Made with a route; every response of the route copies the line.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace pelton::http {

class ContentType {
 public:
  // If the text is no field value, every response with it is a HeadFault::header (RSP-011).
  explicit ContentType(std::string_view text);

  std::string_view text() const {
    return {padded_.data() + prefix_bytes, bytes_ - prefix_bytes - line_end_bytes};
  }
  bool is_field_value() const { return is_field_value_; }

  // Writes "Content-Type: <text>\r\n" to `cursor`, where room_bytes() may be written; returns its
  // end. Copies whole blocks, because most lines fit in one and its size is constant.
  char* write_line(char* cursor) const {
    std::memcpy(cursor, padded_.data(), block_bytes);
    if (bytes_ > block_bytes) [[unlikely]] {
      std::memcpy(cursor + block_bytes, padded_.data() + block_bytes, bytes_ - block_bytes);
    }
    return cursor + bytes_;
  }
  std::size_t room_bytes() const { return padded_.size(); }

 private:
  static constexpr std::size_t block_bytes = 64;
  static constexpr std::size_t prefix_bytes = 14;
  static constexpr std::size_t line_end_bytes = 2;

  std::string padded_;
  std::size_t bytes_;
  bool is_field_value_;
};

}  // namespace pelton::http

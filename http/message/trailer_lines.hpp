// The lines of a trailer section that was checked as it arrived, one field after the other: a name,
// a colon, a value with blanks around it, CRLF (RFC 9110 section 6.5).
#pragma once

#include <string_view>

#include "http/message/field.hpp"

namespace pelton::http {

class TrailerLines {
 public:
  explicit TrailerLines(std::string_view octets) : left_(octets) {}

  // The next field, without blanks around its value. False behind the last.
  bool next(FieldView& field);

 private:
  std::string_view left_;
};

}  // namespace pelton::http

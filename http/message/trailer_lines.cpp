#include "http/message/trailer_lines.hpp"

#include "core/check.hpp"
#include "http/message/field_list.hpp"

namespace pelton::http {

bool TrailerLines::next(FieldView& field) {
  if (left_.empty()) return false;
  const std::size_t end = left_.find("\r\n");
  const std::size_t colon = left_.find(':');
  CHECK(end != std::string_view::npos && colon < end);
  field.name = left_.substr(0, colon);
  field.value = trimmed(left_.substr(colon + 1, end - colon - 1));
  left_.remove_prefix(end + 2);
  return true;
}

}  // namespace pelton::http

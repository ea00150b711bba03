// Header fields as spans. Names that the protocol itself uses are recognised once, and numbered.
#pragma once

#include <cstdint>
#include <string_view>

namespace pelton::http {

struct FieldView {
  std::string_view name;
  std::string_view value;
};

enum class FieldName : std::uint8_t {
  other,
  host,
  content_length,
  transfer_encoding,
  content_type,
  authorization,
  expect,
  connection,
  upgrade,
  cookie,
};

}  // namespace pelton::http

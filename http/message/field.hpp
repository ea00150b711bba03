// Header fields as spans. The names the protocol itself acts on are recognised once, by number.
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

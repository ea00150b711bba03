// What a handler sets of a response before its body.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/message/content_type.hpp"
#include "http/message/field.hpp"

namespace pelton::http {

struct ResponseHead {
  std::uint16_t status = 200;
  const ContentType* content_type = nullptr;  // null: no Content-Type is added
  std::span<const FieldView> fields;  // checked when written (RSP-011, RSP-013, RSP-014, RSP-015)
  // A WSGI application's own reason phrase. Empty, or unfit to be sent: the standard one (RSP-016).
  std::string_view phrase = {};
};

enum class HeadFault : std::uint8_t {
  none,
  status,  // outside 200-599 (RSP-010)
  header,  // a name, a value, their number or their size (RSP-011, RSP-014, RSP-015)
  length,  // the handler's Content-Length differs from the body's (RSP-012)
  memory,  // not enough for so large a response (PRC-036)
};

}  // namespace pelton::http

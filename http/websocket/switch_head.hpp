// The response head that ends the handshake: 101 and exactly its fields (WS-007).
#pragma once

#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/stats.hpp"
#include "http/message/field.hpp"
#include "http/websocket/deflate_offer.hpp"

namespace pelton::http::websocket {

struct SwitchHead {
  std::string_view key;
  std::string_view protocol;  // empty: none
  DeflateTerms deflate;
  std::string_view date;              // IMF-fixdate
  std::span<const FieldView> fields;  // the owner's
};

// Appends the head. Owner's fields that belong to the handshake are left out and counted (RSP-013).
// False, and nothing appended, if a field may not be sent (RSP-014, RSP-015).
bool write_switch_head(Output& output, const SwitchHead& head, Stats& stats);

}  // namespace pelton::http::websocket

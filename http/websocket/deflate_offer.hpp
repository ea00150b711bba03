// What a client offers for permessage-deflate and what it is answered (RFC 7692 section 7.1).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/memory/output.hpp"

namespace pelton::http::websocket {

struct DeflateTerms {
  bool agreed = false;
  // Of what we send, in bits; `states_window` if the client asked for it, so that it is answered.
  std::uint8_t window_bits = 15;
  bool states_window = false;
};

// Goes through the offers of one field, in order. The first acceptable one becomes `terms`, unless
// an earlier field had one; others are passed over (WS-060). False if the value is no list of
// extensions at all (WS-003).
bool read_extensions(std::string_view value, DeflateTerms& terms);

// The field's value that goes with terms that were agreed on (WS-061).
void write_deflate_answer(Output& output, const DeflateTerms& terms);

}  // namespace pelton::http::websocket

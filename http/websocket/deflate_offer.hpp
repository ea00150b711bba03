// A client's offers of permessage-deflate and our answer (RFC 7692 section 7.1).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/memory/output.hpp"

namespace pelton::http::websocket {

struct DeflateTerms {
  bool agreed = false;
  // The window of what we send, in bits; `states_window` if the client asked for it and the answer
  // must state it.
  std::uint8_t window_bits = 15;
  bool states_window = false;
};

// Reads the offers of one field in order. The first acceptable one becomes `terms`, unless an
// earlier field had one; others are ignored (WS-060). False if the value is no list of extensions
// (WS-003).
bool read_extensions(std::string_view value, DeflateTerms& terms);

// Writes the value of the answer's field for agreed terms (WS-061).
void write_deflate_answer(Output& output, const DeflateTerms& terms);

}  // namespace pelton::http::websocket

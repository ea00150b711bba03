// The fields that a handler gives its response, checked before any of them is written, whatever
// the version of HTTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/stats.hpp"
#include "http/message/field.hpp"
#include "http/message/response_head.hpp"

namespace pelton::http {

inline constexpr std::size_t response_head_bytes_max = 64 * 1024;  // RSP-015
inline constexpr std::size_t response_fields_max = 256;            // RSP-015

// Which fields the handler set itself.
struct SaidFields {
  bool close = false;  // "Connection: close"
  bool date = false;
  bool length = false;
  std::uint64_t declared_length = 0;  // if `length`
};

// Checks the fields, notes in `said` what they set, and adds to `bytes` how many octets they take
// at most.
HeadFault judge_response_fields(std::span<const FieldView> fields, std::size_t& bytes,
                                SaidFields& said, Stats& stats);

// Fields that are left out, or that the server sets itself.
bool is_set_by_server(const FieldView& field);

}  // namespace pelton::http

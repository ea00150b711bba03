// Limits on reading one request (protocol section 5). Each counts octets from the beginning of the
// element, so that it holds however the octets are split (SEG-003).
#pragma once

#include <cstdint>

namespace pelton::http {

// An octet that exceeds a limit is refused for the limit before its class is checked, unless it is
// an LF or CR that H1-001 or H1-002 refuse.
struct HeadLimits {
  std::uint32_t method_bytes_max = 32;             // LIM-001
  std::uint32_t request_line_bytes_max = 8192;     // LIM-002, without the CRLF
  std::uint32_t header_line_bytes_max = 8192;      // LIM-003, without the CRLF
  std::uint32_t header_section_bytes_max = 32768;  // LIM-004, CRLFs included, empty line excluded
  std::uint32_t header_count_max = 100;            // LIM-005
};

// The limit on a body's size (LIM-010) depends on the route and is given with each body.
struct BodyLimits {
  std::uint32_t chunk_extension_bytes_max = 256;   // LIM-006, per chunk line
  std::uint32_t chunk_overhead_bytes_max = 16384;  // LIM-007, added to the body octets so far
};

}  // namespace pelton::http

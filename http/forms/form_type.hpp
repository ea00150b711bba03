// Which kind of form a Content-Type names (UPL-002, FRM-001).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pelton::http {

// RFC 2046 section 5.1.1: 1 to 70 boundary octets, the last not a space. LIM-055 may only lower the
// bound.
inline constexpr std::size_t boundary_bytes_max = 70;

struct FormType {
  enum class Kind : std::uint8_t {
    other,         // no form: 415
    urlencoded,    // application/x-www-form-urlencoded
    multipart,     // multipart/form-data with this boundary
    bad_boundary,  // multipart/form-data with none, two or an impossible one: 400
  };

  Kind kind = Kind::other;
  std::string boundary = {};
};

FormType form_type(std::string_view content_type, std::size_t bytes_max = boundary_bytes_max);

}  // namespace pelton::http

// How the connection goes on after a response (CON-023, H1-084).
#pragma once

#include <cstdint>

namespace pelton::http {

enum class Persistence : std::uint8_t {
  keep,         // no Connection field
  keep_stated,  // to HTTP/1.0: "Connection: keep-alive"
  close,        // "Connection: close"
  shared,       // other responses go on beside this one, as streams of HTTP/2 do
};

}  // namespace pelton::http

// The library that does the cryptography, for people who look after a server.
#pragma once

#include <string>

namespace pelton::http {

// Its name and version: "OpenSSL 3.0.19 27 Jan 2026".
std::string tls_library_version();

}  // namespace pelton::http

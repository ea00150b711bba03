// What a TLS connection has agreed on, for handlers and logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {

struct TlsFacts {
  std::string_view version;          // "TLSv1.3"
  std::uint16_t version_number = 0;  // as on the wire: 0x0304
  std::string_view cipher;           // by its registered name: "TLS_AES_128_GCM_SHA256"
  std::uint16_t cipher_number = 0;
  std::string sni;                      // the name that the client asks for; empty if it gives none
  std::string_view server_certificate;  // PEM
  // The client's certificate, then those between it and an authority, in PEM; empty without one.
  std::vector<std::string> client_chain;
  std::string client_name;  // the subject of its certificate (RFC 4514); empty without one
};

}  // namespace pelton::http

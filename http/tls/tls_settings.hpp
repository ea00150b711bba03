// What a server's TLS is made of, as its user gives it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pelton::http {

// A certificate with its chain, and its key; both PEM files, which may be the same one.
struct TlsPair {
  std::string chain_path;
  std::string key_path;
};

enum class ClientCertificates : std::uint8_t { off, optional, required };

struct TlsSettings {
  std::vector<TlsPair> pairs;  // the first is for clients that name no other one's host
  std::string key_password;    // of encrypted keys; empty: none
  std::string ca_path;         // authorities of clients, a PEM file or a folder
  std::string crl_path;        // what they have revoked, a PEM file
  ClientCertificates client_certificates = ClientCertificates::off;
  std::uint16_t version_min = 0x0303;  // as on the wire
  std::uint16_t version_max = 0x0304;
  std::string ciphers;                   // in OpenSSL's words; empty: a choice of ours
  std::vector<std::string> protocols{};  // of ALPN, the preferred first
};

}  // namespace pelton::http

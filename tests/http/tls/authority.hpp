// Makes certificates for a test, in a folder that goes with it: an authority, and what it signs.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <string>
#include <vector>

#include "http/tls/tls_settings.hpp"

namespace pelton::support {

class Authority {
 public:
  struct Wish {
    std::vector<std::string> hosts;  // "*.example.org" too; none: only the common name
    std::string common_name = "somebody";
    long begins_s = -3600;  // from now
    long ends_s = 3600;
    bool is_rsa = false;   // else an elliptic curve, which is made in no time
    std::string password;  // of the key; empty: it is not encrypted
  };

  Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  ~Authority();

  const std::filesystem::path& folder() const { return folder_; }
  // The authority's own certificate.
  std::string path() const { return folder_ / "authority.pem"; }
  // Two files, `name`.pem and `name`.key, which it replaces if there are any.
  http::TlsPair issue(const std::string& name, const Wish& wish);
  // A list of what it has revoked: the certificate in this file, or nothing.
  std::string revoke(const std::string& certificate_path);

 private:
  std::filesystem::path folder_;
  EVP_PKEY* key_;
  X509* certificate_;
  long serial_ = 1;
};

}  // namespace pelton::support

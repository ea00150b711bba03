#include "http/tls/tls_library.hpp"

#include <openssl/crypto.h>

namespace pelton::http {

std::string tls_library_version() {
  return OpenSSL_version(OPENSSL_VERSION);
}

}  // namespace pelton::http

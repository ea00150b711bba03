// Certificates, keys and rules of a server's TLS, loaded and checked once: what all its connections
// share until they are loaded anew. It does not change, so a connection may outlive its successor.
#pragma once

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/ticket_keys.hpp"
#include "http/tls/tls_settings.hpp"

namespace pelton::http {

class TlsContext {
 public:
  // The error is one line: the file or setting, and what is wrong with it. `tickets` outlives all
  // connections.
  static std::expected<std::shared_ptr<const TlsContext>, std::string> load(
      const TlsSettings& settings, TicketKeys& tickets);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  // The server's end of a connection, without its octets; null if there is no memory.
  SSL* make_connection() const;
  // How OpenSSL reads and writes the octets of a TlsFilter.
  const BIO_METHOD* octets() const { return octets_.get(); }
  // The PEM text of a connection's certificate.
  std::string_view certificate_of(const SSL* connection) const;

 private:
  template <auto release>
  struct Release {
    template <typename Object>
    void operator()(Object* object) const {
      release(object);
    }
  };
  using ContextPointer = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;

  // The certificates of one set of names, at most one for each kind of key.
  struct Host {
    ContextPointer context;
    std::vector<std::string> names;
    std::vector<std::pair<const X509*, std::string>> texts;  // PEM
  };

  explicit TlsContext(TicketKeys& tickets);

  std::string prepare(const TlsSettings& settings);
  std::string add(const TlsPair& pair, const TlsSettings& settings);
  std::string apply(SSL_CTX* context, const TlsSettings& settings) const;
  SSL_CTX* named(std::string_view name) const;

  static int choose_host(SSL* connection, int* alert, void* self);
  static int choose_protocol(SSL* connection, const unsigned char** chosen, unsigned char* bytes,
                             const unsigned char* offered, unsigned offered_bytes, void* self);
  static int ticket_key(SSL* connection, unsigned char* name, unsigned char* iv,
                        EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* authentication, int seals);

  TicketKeys& tickets_;
  std::unique_ptr<BIO_METHOD, Release<BIO_meth_free>> octets_;
  std::vector<Host> hosts_;                            // the first is the default
  std::unordered_map<std::string, SSL_CTX*> by_name_;  // "example.org", "*.example.org"
  std::string protocols_;                              // as ALPN lists them
  std::string resumption_scope_;  // sessions made under other rules are not resumed
};

}  // namespace pelton::http

#include "tests/http/tls/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

#include "core/check.hpp"

namespace pelton::support {

TlsClient::TlsClient(const ClientWish& wish)
    : context_(SSL_CTX_new(TLS_client_method())),
      ssl_(nullptr),
      arrived_(BIO_new(BIO_s_mem())),
      leaving_(BIO_new(BIO_s_mem())) {
  SSL_CTX_set_min_proto_version(context_, wish.version_min);
  SSL_CTX_set_max_proto_version(context_, wish.version_max);
  SSL_CTX_set_security_level(context_, 0);
  if (!wish.ciphers.empty()) {
    CHECK(SSL_CTX_set_cipher_list(context_, wish.ciphers.c_str()) == 1);
  }
  if (!wish.certificate_path.empty()) {
    CHECK(SSL_CTX_use_certificate_file(context_, wish.certificate_path.c_str(), SSL_FILETYPE_PEM) ==
          1);
    CHECK(SSL_CTX_use_PrivateKey_file(context_, wish.key_path.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, [](SSL* ssl, SSL_SESSION* session) {
    auto* const self = static_cast<TlsClient*>(SSL_get_app_data(ssl));
    SSL_SESSION_free(std::exchange(self->last_session_, session));
    return 1;
  });
  ssl_ = SSL_new(context_);
  SSL_set_app_data(ssl_, this);
  if (!wish.server_name.empty()) {
    std::string name = wish.server_name;
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  std::string list;
  for (const std::string& one : wish.protocols) {
    list += static_cast<char>(one.size());
    list += one;
  }
  if (!list.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned>(list.size()));
  }
  if (wish.session != nullptr) SSL_set_session(ssl_, wish.session);
  SSL_set_bio(ssl_, arrived_, leaving_);
  SSL_set_connect_state(ssl_);
  proceed();
}

TlsClient::~TlsClient() {
  SSL_SESSION_free(last_session_);
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

void TlsClient::receive(std::string_view wire) {
  if (!wire.empty()) {
    CHECK(BIO_write(arrived_, wire.data(), static_cast<int>(wire.size())) > 0);
  }
  proceed();
}

void TlsClient::write(std::string_view plain) {
  unsent_ += plain;
  proceed();
}

std::string TlsClient::take() {
  char* octets = nullptr;
  const long bytes = BIO_get_mem_data(leaving_, &octets);
  std::string taken(octets, static_cast<std::size_t>(bytes));
  BIO_reset(leaving_);
  return taken;
}

void TlsClient::finish() {
  SSL_shutdown(ssl_);
}

void TlsClient::update_keys() {
  CHECK(SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED) == 1);
  CHECK(SSL_do_handshake(ssl_) == 1);
}

std::string TlsClient::read() {
  return std::exchange(plain_, {});
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned bytes = 0;
  SSL_get0_alpn_selected(ssl_, &name, &bytes);
  return {reinterpret_cast<const char*>(name), bytes};
}

std::string TlsClient::server_common_name() const {
  X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(),
                            text.size());
  return text.data();
}

SSL_SESSION* TlsClient::session() const {
  return std::exchange(last_session_, nullptr);
}

void TlsClient::proceed() {
  if (!failure_.empty()) return;
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_);
  if (result == 1 && !unsent_.empty()) {
    result = SSL_write(ssl_, unsent_.data(), static_cast<int>(unsent_.size()));
    unsent_.clear();
  }
  std::array<char, 4096> piece;
  while (result > 0 && (result = SSL_read(ssl_, piece.data(), piece.size())) > 0) {
    plain_.append(piece.data(), static_cast<std::size_t>(result));
  }
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_ZERO_RETURN:
      server_ended_ = true;
      break;
    case SSL_ERROR_SSL:
      failure_ = ERR_reason_error_string(ERR_peek_error());
      break;
    default:
      break;
  }
  ERR_clear_error();
}

}  // namespace pelton::support

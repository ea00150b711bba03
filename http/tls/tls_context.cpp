#include "http/tls/tls_context.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/monotonic.hpp"
#include "http/tls/certificate.hpp"
#include "http/tls/tls_filter.hpp"

namespace pelton::http {
namespace {

// Of TLS 1.2: forward secrecy and authenticated encryption alone (TLS-001).
constexpr const char* usual_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view suite_prefix = "TLS_";  // a name of TLS 1.3

// The cause, which OpenSSL has noted before what follows from it; its queue is empty afterwards.
std::string take_error() {
  const unsigned long error = ERR_peek_error();
  const char* const text = ERR_reason_error_string(error);
  std::string said = text == nullptr ? "OpenSSL gives no reason" : text;
  ERR_clear_error();
  return said;
}

bool error_is(int library, int reason) {
  const unsigned long error = ERR_peek_error();
  return ERR_GET_LIB(error) == library && ERR_GET_REASON(error) == reason;
}

// A clause that says why a file cannot be read; empty if it can.
std::string unreadable(const std::string& path) {
  const std::ifstream file(path);
  if (file.good()) return {};
  return path + " cannot be read: " + std::strerror(errno);
}

bool is_folder(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Never asks on a terminal, as OpenSSL would.
int give_password(char* room, int bytes, int /*writes*/, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  const std::size_t count = std::min(text.size(), static_cast<std::size_t>(bytes));
  std::copy_n(text.data(), count, room);
  return static_cast<int>(count);
}

std::string lowered(std::string_view text) {
  std::string made(text);
  for (char& octet : made) {
    if (octet >= 'A' && octet <= 'Z') octet = static_cast<char>(octet - 'A' + 'a');
  }
  return made;
}

// The first cipher that this server does not serve; empty if all are fit.
std::string unfit_cipher(const SSL_CTX* context) {
  const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(context);
  for (int index = 0; index < sk_SSL_CIPHER_num(ciphers); ++index) {
    const SSL_CIPHER* const one = sk_SSL_CIPHER_value(ciphers, index);
    const int exchange = SSL_CIPHER_get_kx_nid(one);
    const int authentication = SSL_CIPHER_get_auth_nid(one);
    const bool is_secret = exchange == NID_kx_ecdhe || exchange == NID_kx_any;
    const bool is_signed = authentication == NID_auth_rsa || authentication == NID_auth_ecdsa ||
                           authentication == NID_auth_any;
    if (!is_secret || !is_signed || SSL_CIPHER_is_aead(one) != 1) return SSL_CIPHER_get_name(one);
  }
  return {};
}

std::string octets_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Returns what is wrong with the pair; empty if nothing is.
std::string use_pair(SSL_CTX* context, const TlsPair& pair, const std::string& password) {
  const std::string& chain = pair.chain_path;
  const std::string& key = pair.key_path;
  SSL_CTX_set_default_passwd_cb(context, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, const_cast<std::string*>(&password));
  if (SSL_CTX_use_certificate_chain_file(context, chain.c_str()) != 1) {
    if (error_is(ERR_LIB_PEM, PEM_R_NO_START_LINE)) {
      ERR_clear_error();
      return chain + " has no certificate in PEM";
    }
    return chain + " has no certificate that can be used: " + take_error();
  }
  const bool used = SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (used) return {};
  const bool is_another = error_is(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH) ||
                          error_is(ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH);
  const std::string why = take_error();
  if (is_another) return "the key in " + key + " is not that of the certificate in " + chain;
  if (octets_in(key).contains("ENCRYPTED")) {
    return "the key in " + key + " is encrypted, and " +
           (password.empty() ? "no password is given" : "the password is another");
  }
  return key + " has no private key in PEM that can be used: " + why;
}

}  // namespace

TlsContext::TlsContext(TicketKeys& tickets)
    : tickets_(tickets), octets_(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pelton")) {
  if (octets_) TlsFilter::prepare(*octets_);
}

TlsContext::~TlsContext() = default;

std::expected<std::shared_ptr<const TlsContext>, std::string> TlsContext::load(
    const TlsSettings& settings, TicketKeys& tickets) {
  const std::shared_ptr<TlsContext> made(new TlsContext(tickets));
  ERR_clear_error();
  std::string problem = made->octets_ ? made->prepare(settings) : "there is no memory for TLS";
  if (!problem.empty()) return std::unexpected(std::move(problem));
  return made;
}

std::string TlsContext::prepare(const TlsSettings& settings) {
  if (settings.pairs.empty()) return "there is no certificate";
  for (const std::string& one : settings.protocols) {
    protocols_ += static_cast<char>(one.size());
    protocols_ += one;
  }
  // What a client's certificate was held against is part of the session that it has made.
  const std::string rules =
      settings.ca_path + '\n' + (is_folder(settings.ca_path) ? "" : octets_in(settings.ca_path)) +
      octets_in(settings.crl_path) + static_cast<char>(settings.client_certificates);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_bytes = 0;
  EVP_Digest(rules.data(), rules.size(), digest.data(), &digest_bytes, EVP_sha256(), nullptr);
  resumption_scope_.assign(reinterpret_cast<const char*>(digest.data()), digest_bytes);
  for (const TlsPair& pair : settings.pairs) {
    if (std::string problem = add(pair, settings); !problem.empty()) return problem;
  }
  for (const Host& host : hosts_) {
    for (const std::string& name : host.names) by_name_.emplace(name, host.context.get());
  }
  return {};
}

std::string TlsContext::add(const TlsPair& pair, const TlsSettings& settings) {
  for (const std::string& path : {pair.chain_path, pair.key_path}) {
    if (std::string problem = unreadable(path); !problem.empty()) return problem;
  }
  ContextPointer made(SSL_CTX_new(TLS_server_method()));
  if (!made) return "there is no memory for TLS";
  SSL_CTX* context = made.get();
  if (std::string problem = use_pair(context, pair, settings.key_password); !problem.empty()) {
    return problem;
  }
  X509* const certificate = SSL_CTX_get0_certificate(context);
  if (const std::string problem = untimely(certificate); !problem.empty()) {
    return "the certificate in " + pair.chain_path + ' ' + problem;
  }
  std::vector<std::string> names = hosts_of(certificate);
  // A second kind of key for the same hosts: the client's abilities choose between them.
  const int kind = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate));
  for (Host& host : hosts_) {
    const auto has_kind = [&](const auto& text) {
      return EVP_PKEY_get_base_id(X509_get0_pubkey(text.first)) == kind;
    };
    if (host.names != names || std::ranges::any_of(host.texts, has_kind)) continue;
    std::string problem = use_pair(host.context.get(), pair, settings.key_password);
    if (!problem.empty()) return problem;
    X509* const added = SSL_CTX_get0_certificate(host.context.get());
    host.texts.emplace_back(added, pem_of(added));
    return {};
  }
  if (std::string problem = apply(context, settings); !problem.empty()) return problem;
  Host host{.context = std::move(made), .names = std::move(names), .texts = {}};
  host.texts.emplace_back(certificate, pem_of(certificate));
  hosts_.push_back(std::move(host));
  return {};
}

// Everything but certificate and key.
std::string TlsContext::apply(SSL_CTX* context, const TlsSettings& settings) const {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_min_proto_version(context, settings.version_min);
  SSL_CTX_set_max_proto_version(context, settings.version_max);
  std::string suites;  // of TLS 1.3, which OpenSSL keeps apart
  std::string ciphers;
  for (std::size_t at = 0; at < settings.ciphers.size();) {
    const std::size_t end = std::min(settings.ciphers.find(':', at), settings.ciphers.size());
    const std::string one = settings.ciphers.substr(at, end - at);
    std::string& list = one.starts_with(suite_prefix) ? suites : ciphers;
    if (!one.empty()) list += (list.empty() ? "" : ":") + one;
    at = end + 1;
  }
  if (!suites.empty() && SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1) {
    ERR_clear_error();
    return "the ciphers have a name of TLS 1.3 that OpenSSL does not know in " + suites;
  }
  if (ciphers.empty()) ciphers = usual_ciphers;
  if (SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) {
    ERR_clear_error();
    return "the ciphers name none that OpenSSL knows: " + ciphers;
  }
  if (const std::string unfit = unfit_cipher(context); !unfit.empty()) {
    return "the ciphers have " + unfit + ", which is not ECDHE with AEAD";
  }
  SSL_CTX_set_session_id_context(context,
                                 reinterpret_cast<const unsigned char*>(resumption_scope_.data()),
                                 static_cast<unsigned>(resumption_scope_.size()));
  auto* const self = const_cast<TlsContext*>(this);
  SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(&TlsContext::choose_host));
  SSL_CTX_set_tlsext_servername_arg(context, self);
  if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(context, &TlsContext::choose_protocol, self);
  SSL_CTX_set_app_data(context, self);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &TlsContext::ticket_key);
  if (settings.client_certificates == ClientCertificates::off) return {};
  const std::string& authorities = settings.ca_path;
  if (authorities.empty()) return "client certificates are asked for without their authorities";
  const char* const path = authorities.c_str();
  const bool from_folder = is_folder(authorities);
  if (std::string problem = unreadable(authorities); !from_folder && !problem.empty()) {
    return problem;
  }
  if (SSL_CTX_load_verify_locations(context, from_folder ? nullptr : path,
                                    from_folder ? path : nullptr) != 1) {
    ERR_clear_error();
    return authorities + " has no certificate in PEM";
  }
  if (!from_folder) SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(path));
  int verify = SSL_VERIFY_PEER;
  if (settings.client_certificates == ClientCertificates::required) {
    verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(context, verify, nullptr);
  if (settings.crl_path.empty()) return {};
  if (std::string problem = unreadable(settings.crl_path); !problem.empty()) return problem;
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup == nullptr ||
      X509_load_crl_file(lookup, settings.crl_path.c_str(), X509_FILETYPE_PEM) < 1) {
    ERR_clear_error();
    return settings.crl_path + " has no revocation list in PEM";
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

SSL* TlsContext::make_connection() const {
  return SSL_new(hosts_.front().context.get());
}

std::string_view TlsContext::certificate_of(const SSL* connection) const {
  const X509* const certificate = SSL_get_certificate(connection);
  for (const Host& host : hosts_) {
    for (const auto& [one, text] : host.texts) {
      if (one == certificate) return text;
    }
  }
  return {};
}

SSL_CTX* TlsContext::named(std::string_view name) const {
  const std::string host = lowered(name);
  if (const auto found = by_name_.find(host); found != by_name_.end()) return found->second;
  const std::size_t dot = host.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto found = by_name_.find('*' + host.substr(dot));
  return found == by_name_.end() ? nullptr : found->second;
}

// --- what OpenSSL asks ---

int TlsContext::choose_host(SSL* connection, int* /*alert*/, void* self) {
  const char* const name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* const context = static_cast<const TlsContext*>(self)->named(name);
  if (context != nullptr) SSL_set_SSL_CTX(connection, context);
  return SSL_TLSEXT_ERR_OK;
}

int TlsContext::choose_protocol(SSL* /*connection*/, const unsigned char** chosen,
                                unsigned char* bytes, const unsigned char* offered,
                                unsigned offered_bytes, void* self) {
  const std::string& ours = static_cast<const TlsContext*>(self)->protocols_;
  unsigned char* found = nullptr;
  const int overlap =
      SSL_select_next_proto(&found, bytes, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_bytes);
  *chosen = found;
  return overlap == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// 1: the key is set; 2: it is, and the client gets a new ticket; 0: no ticket; -1: failure.
int TlsContext::ticket_key(SSL* connection, unsigned char* name, unsigned char* iv,
                           EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* authentication, int seals) {
  const auto* const self =
      static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
  const std::uint64_t now_s = monotonic_ns() / nanoseconds_per_second;
  std::optional<TicketKeys::Key> key = self->tickets_.current(now_s);
  int answer = 1;
  if (seals != 0) {
    if (!key || RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1) return 0;
    std::ranges::copy(key->name, name);
  } else {
    const std::span<const unsigned char, 16> asked(name, 16);
    if (!key || !std::ranges::equal(key->name, asked)) {
      key = self->tickets_.named(asked, now_s);
      answer = 2;
    }
    if (!key) return 0;
  }
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->authentication.data(),
                                        key->authentication.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  const bool set = EVP_MAC_CTX_set_params(authentication, parameters.data()) == 1 &&
                   EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv,
                                     seals != 0 ? 1 : 0) == 1;
  OPENSSL_cleanse(&*key, sizeof *key);
  return set ? answer : -1;
}

}  // namespace pelton::http

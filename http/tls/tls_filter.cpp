#include "http/tls/tls_filter.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

#include "http/tls/certificate.hpp"

namespace pelton::http {
namespace {

// The type of the first octet of a TLS connection.
constexpr char handshake_record = 0x16;
// Where ERR_GET_REASON() begins to name alerts of the peer.
constexpr int alert_reasons_begin = SSL_AD_REASON_OFFSET;
constexpr int alert_reasons_end = SSL_AD_REASON_OFFSET + 256;
constexpr std::size_t record_bytes_max = 16384;
// Of a record, beside the octets that it carries.
constexpr std::size_t record_overhead_bytes = 64;
constexpr std::size_t opened_bytes_min = 1024;

}  // namespace

std::unique_ptr<TlsFilter> TlsFilter::make(std::shared_ptr<const TlsContext> context) {
  SSL* const connection = context->make_connection();
  if (connection == nullptr) return nullptr;
  auto filter = std::unique_ptr<TlsFilter>(new TlsFilter(std::move(context), connection));
  BIO* const octets = BIO_new(filter->context_->octets());
  if (octets == nullptr) return nullptr;
  BIO_set_data(octets, filter.get());
  BIO_set_init(octets, 1);
  SSL_set_bio(connection, octets, octets);
  SSL_set_accept_state(connection);
  return filter;
}

TlsFilter::TlsFilter(std::shared_ptr<const TlsContext> context, SSL* connection)
    : context_(std::move(context)), connection_(connection) {}

TlsFilter::~TlsFilter() {
  SSL_free(connection_);
}

// --- octets, as OpenSSL asks for them ---

void TlsFilter::prepare(BIO_METHOD& octets) {
  BIO_meth_set_read(&octets, &TlsFilter::read);
  BIO_meth_set_write(&octets, &TlsFilter::write);
  BIO_meth_set_ctrl(&octets, &TlsFilter::control);
}

int TlsFilter::read(BIO* bio, char* octets, int bytes) {
  auto* const self = static_cast<TlsFilter*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self->wire_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t taken = std::min(static_cast<std::size_t>(bytes), self->wire_.size());
  std::ranges::copy(self->wire_.first(taken), octets);
  self->wire_ = self->wire_.subspan(taken);
  return static_cast<int>(taken);
}

int TlsFilter::write(BIO* bio, const char* octets, int bytes) {
  auto* const self = static_cast<TlsFilter*>(BIO_get_data(bio));
  const auto count = static_cast<std::size_t>(bytes);
  BIO_clear_retry_flags(bio);
  if (self->sealed_ != nullptr) return self->sealed_->append({octets, count}) ? bytes : -1;
  if (self->own_.size() + count > own_bytes_max) return -1;
  self->own_.append(octets, count);
  return bytes;
}

long TlsFilter::control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// --- octets in ---

Reason TlsFilter::open(std::span<const char> wire, Output& plain) {
  if (failed_ || wire.empty()) return Reason::none;
  if (!std::exchange(heard_, true) && wire.front() != handshake_record) {
    failed_ = true;
    return Reason::cut_tls_not_tls;
  }
  wire_ = wire;
  Reason reason = established_ ? Reason::none : shake_hands();
  if (established_ && reason == Reason::none) reason = read_records(plain);
  wire_ = {};
  return reason;
}

Reason TlsFilter::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(connection_);
  if (result == 1) {
    established_ = true;
    return Reason::none;
  }
  return failed(result);
}

Reason TlsFilter::read_records(Output& plain) {
  ERR_clear_error();
  for (;;) {
    // A record is never longer than its octets on the wire, but part of it may have come before.
    char* const at = plain.reserve(std::max(wire_.size(), opened_bytes_min));
    if (at == nullptr) return Reason::cut_memory;
    std::size_t bytes = 0;
    const int result = SSL_read_ex(connection_, at, plain.room(), &bytes);
    if (result != 1) return failed(result);
    plain.advance(bytes);
  }
}

// OpenSSL has stopped: for want of octets, at the peer's end, or for good.
Reason TlsFilter::failed(int result) {
  switch (SSL_get_error(connection_, result)) {
    case SSL_ERROR_WANT_READ:
      return Reason::none;
    case SSL_ERROR_ZERO_RETURN:
      peer_ended_ = true;
      return Reason::none;
    default:
      failed_ = true;
      const Reason reason = reason_of_failure();
      ERR_clear_error();
      return reason;
  }
}

Reason TlsFilter::reason_of_failure() const {
  const unsigned long error = ERR_peek_last_error();
  const int why = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  if (why >= alert_reasons_begin && why < alert_reasons_end) {
    return established_ ? Reason::lost_tls_alert : Reason::lost_tls_handshake;
  }
  switch (why) {
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return Reason::cut_tls_alpn;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return Reason::cut_tls_client_certificate;
    default:
      return established_ ? Reason::cut_tls_record : Reason::cut_tls_handshake;
  }
}

// --- octets out ---

bool TlsFilter::seal(Output& plain, Output& wire) {
  if (!wire.append(own_)) return false;
  own_ = {};
  const std::size_t records = plain.size() / record_bytes_max + 1;
  if (!wire.make_room(plain.size() + records * record_overhead_bytes)) return false;
  sealed_ = &wire;
  ERR_clear_error();
  const bool sealed = can_seal() ? seal_records(plain) : true;
  sealed_ = nullptr;
  plain.release();
  return sealed && !wire.has_failed();
}

bool TlsFilter::seal_records(const Output& plain) {
  std::size_t bytes = 0;
  if (!plain.empty() && SSL_write_ex(connection_, plain.data(), plain.size(), &bytes) != 1) {
    failed_ = true;
    return false;
  }
  if (std::exchange(owes_end_, false)) SSL_shutdown(connection_);  // its close_notify (TLS-005)
  return true;
}

void TlsFilter::end() {
  if (!std::exchange(ended_, true)) owes_end_ = can_seal();
}

// --- what was agreed on ---

std::string_view TlsFilter::protocol() const {
  const unsigned char* name = nullptr;
  unsigned bytes = 0;
  SSL_get0_alpn_selected(connection_, &name, &bytes);
  return {reinterpret_cast<const char*>(name), bytes};
}

const TlsFacts* TlsFilter::facts() {
  if (facts_ || !established_) return facts_.get();
  facts_ = std::make_unique<TlsFacts>();
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(connection_);
  const char* const sni = SSL_get_servername(connection_, TLSEXT_NAMETYPE_host_name);
  facts_->version = SSL_get_version(connection_);
  facts_->version_number = static_cast<std::uint16_t>(SSL_version(connection_));
  facts_->cipher = SSL_CIPHER_standard_name(cipher);
  facts_->cipher_number = SSL_CIPHER_get_protocol_id(cipher);
  if (sni != nullptr) facts_->sni = sni;
  facts_->server_certificate = context_->certificate_of(connection_);
  if (X509* const client = SSL_get0_peer_certificate(connection_)) {
    facts_->client_name = subject_of(client);
    facts_->client_chain.push_back(pem_of(client));
    // Of a server, without the client's own certificate.
    const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(connection_);
    for (int index = 0; chain != nullptr && index < sk_X509_num(chain); ++index) {
      facts_->client_chain.push_back(pem_of(sk_X509_value(chain, index)));
    }
  }
  return facts_.get();
}

}  // namespace pelton::http

#include "http/tls/own_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "http/tls/certificate.hpp"

namespace pelton::http {
namespace {

constexpr long seconds_per_day = 24 * 3600;
constexpr long clock_skew_s = 3600;  // that a client's clock may be late

template <auto release>
struct Release {
  template <typename Object>
  void operator()(Object* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;

bool extend(X509* certificate, int kind, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool is_address(const std::string& host) {
  const std::unique_ptr<ASN1_OCTET_STRING, Release<ASN1_OCTET_STRING_free>> octets(
      a2i_IPADDRESS(host.c_str()));
  ERR_clear_error();
  return octets != nullptr;
}

bool fill(X509* certificate, EVP_PKEY* key, std::span<const std::string> hosts, int days) {
  std::string names;
  for (const std::string& host : hosts) {
    if (!names.empty()) names += ',';
    names += is_address(host) ? "IP:" : "DNS:";
    names += host;
  }
  std::uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const auto* const text = reinterpret_cast<const unsigned char*>("pelton");
  return X509_set_version(certificate, 2) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(certificate), static_cast<long>(serial >> 1)) ==
             1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -clock_skew_s) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), days * seconds_per_day) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         extend(certificate, NID_subject_alt_name, names) &&
         extend(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         X509_sign(certificate, key, EVP_sha256()) != 0;
}

std::string pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, Release<BIO_free>> memory(BIO_new(BIO_s_mem()));
  if (!memory ||
      PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return {};
  }
  char* octets = nullptr;
  const long bytes = BIO_get_mem_data(memory.get(), &octets);
  return {octets, static_cast<std::size_t>(bytes)};
}

}  // namespace

std::optional<OwnCertificate> make_own_certificate(std::span<const std::string> hosts, int days) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), hosts, days)) {
    ERR_clear_error();
    return std::nullopt;
  }
  return OwnCertificate{.certificate = pem_of(certificate.get()), .key = pem_of(key.get())};
}

}  // namespace pelton::http

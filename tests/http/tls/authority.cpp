#include "tests/http/tls/authority.hpp"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>

#include "core/check.hpp"

namespace pelton::support {
namespace {

constexpr unsigned rsa_bits = 2048;

EVP_PKEY* make_key(bool is_rsa) {
  EVP_PKEY* const key = is_rsa ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256");
  CHECK(key != nullptr);
  return key;
}

void name(X509* certificate, const std::string& common_name) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1);
}

void extend(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, const_cast<char*>(value.c_str()));
  CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

template <typename Write>
void write_file(const std::string& path, Write write) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr);
  CHECK(write(file) == 1);
  CHECK(std::fclose(file) == 0);
}

X509* read_certificate(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "r");
  CHECK(file != nullptr);
  X509* const certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  CHECK(certificate != nullptr);
  return certificate;
}

}  // namespace

Authority::Authority() : key_(make_key(false)), certificate_(X509_new()) {
  std::string made = std::filesystem::temp_directory_path() / "pelton-tls-XXXXXX";
  CHECK(::mkdtemp(made.data()) != nullptr);
  folder_ = made;
  X509_set_version(certificate_, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate_), serial_);
  X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
  X509_set_pubkey(certificate_, key_);
  name(certificate_, "authority");
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  extend(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  CHECK(X509_sign(certificate_, key_, EVP_sha256()) != 0);
  write_file(path(), [this](std::FILE* file) { return PEM_write_X509(file, certificate_); });
}

Authority::~Authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
  std::filesystem::remove_all(folder_);
}

http::TlsPair Authority::issue(const std::string& name_of_files, const Wish& wish) {
  EVP_PKEY* const key = make_key(wish.is_rsa);
  X509* const made = X509_new();
  CHECK(made != nullptr);
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
  X509_gmtime_adj(X509_getm_notBefore(made), wish.begins_s);
  X509_gmtime_adj(X509_getm_notAfter(made), wish.ends_s);
  X509_set_pubkey(made, key);
  name(made, wish.common_name);
  X509_set_issuer_name(made, X509_get_subject_name(certificate_));
  std::string hosts;
  for (const std::string& host : wish.hosts) hosts += (hosts.empty() ? "DNS:" : ",DNS:") + host;
  if (!hosts.empty()) extend(made, NID_subject_alt_name, hosts);
  CHECK(X509_sign(made, key_, EVP_sha256()) != 0);
  const http::TlsPair pair{.chain_path = folder_ / (name_of_files + ".pem"),
                           .key_path = folder_ / (name_of_files + ".key")};
  write_file(pair.chain_path, [made](std::FILE* file) { return PEM_write_X509(file, made); });
  write_file(pair.key_path, [&](std::FILE* file) {
    const EVP_CIPHER* const cipher = wish.password.empty() ? nullptr : EVP_aes_128_cbc();
    return PEM_write_PKCS8PrivateKey(file, key, cipher, wish.password.data(),
                                     static_cast<int>(wish.password.size()), nullptr, nullptr);
  });
  X509_free(made);
  EVP_PKEY_free(key);
  return pair;
}

std::string Authority::revoke(const std::string& certificate_path) {
  X509_CRL* const list = X509_CRL_new();
  CHECK(list != nullptr);
  X509_CRL_set_version(list, 1);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate_));
  ASN1_TIME* const time = ASN1_TIME_new();
  X509_gmtime_adj(time, -60);
  X509_CRL_set1_lastUpdate(list, time);
  if (!certificate_path.empty()) {
    X509* const revoked = read_certificate(certificate_path);
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
    X509_REVOKED_set_revocationDate(entry, time);
    CHECK(X509_CRL_add0_revoked(list, entry) == 1);
    X509_free(revoked);
  }
  X509_gmtime_adj(time, 3600);
  X509_CRL_set1_nextUpdate(list, time);
  ASN1_TIME_free(time);
  CHECK(X509_CRL_sign(list, key_, EVP_sha256()) != 0);
  const std::string path = folder_ / "revoked.pem";
  write_file(path, [list](std::FILE* file) { return PEM_write_X509_CRL(file, list); });
  X509_CRL_free(list);
  return path;
}

}  // namespace pelton::support

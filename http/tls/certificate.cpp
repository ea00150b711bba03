#include "http/tls/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

namespace pelton::http {
namespace {

// What `print` writes.
template <typename Print>
std::string printed(Print print) {
  const auto release = [](BIO* bio) { BIO_free(bio); };
  const std::unique_ptr<BIO, decltype(release)> memory(BIO_new(BIO_s_mem()), release);
  if (!memory) return {};
  print(memory.get());
  char* octets = nullptr;
  const long bytes = BIO_get_mem_data(memory.get(), &octets);
  return bytes <= 0 ? std::string() : std::string(octets, static_cast<std::size_t>(bytes));
}

std::string printed(const ASN1_TIME* time) {
  return printed([time](BIO* memory) { ASN1_TIME_print(memory, time); });
}

std::string lowered(const ASN1_STRING* string) {
  const auto* const octets = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
  std::string made(octets, static_cast<std::size_t>(ASN1_STRING_length(string)));
  for (char& octet : made) {
    if (octet >= 'A' && octet <= 'Z') octet = static_cast<char>(octet - 'A' + 'a');
  }
  return made;
}

}  // namespace

std::string pem_of(X509* certificate) {
  return printed([certificate](BIO* memory) { PEM_write_bio_X509(memory, certificate); });
}

std::string subject_of(X509* certificate) {
  constexpr auto flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  return printed([certificate](BIO* memory) {
    X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, flags);
  });
}

std::vector<std::string> hosts_of(X509* certificate) {
  std::vector<std::string> hosts;
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int index = 0; index < sk_GENERAL_NAME_num(names); ++index) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, index);
    if (name->type == GEN_DNS) hosts.push_back(lowered(name->d.dNSName));
  }
  const bool has_names = names != nullptr;
  GENERAL_NAMES_free(names);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (!has_names && at >= 0) {
    hosts.push_back(lowered(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  std::ranges::sort(hosts);
  return hosts;
}

std::string untimely(X509* certificate) {
  const ASN1_TIME* const begin = X509_get0_notBefore(certificate);
  const ASN1_TIME* const end = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(end) < 0) return "has expired on " + printed(end);
  if (X509_cmp_current_time(begin) > 0) return "is not valid before " + printed(begin);
  return {};
}

}  // namespace pelton::http

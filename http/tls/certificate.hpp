// What is read out of a certificate.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace pelton::http {

// Empty without memory.
std::string pem_of(X509* certificate);
// The subject as RFC 4514 writes it.
std::string subject_of(X509* certificate);
// The hosts it is for, sorted and in lower case, such as "*.example.org". Its common name counts
// only if it has no other names.
std::vector<std::string> hosts_of(X509* certificate);
// A clause that says why it may not be served now: "has expired on ..."; empty if it may.
std::string untimely(X509* certificate);

}  // namespace pelton::http

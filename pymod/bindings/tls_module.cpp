// pelton._tls: the TLS of a server's listeners. A module of its own, so that OpenSSL is loaded
// where TLS is used and nowhere else.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/tls/own_certificate.hpp"
#include "http/tls/tls_library.hpp"
#include "http/tls/tls_settings.hpp"
#include "http/tls/tls_source.hpp"
#include "pymod/bindings/filter_capsule.hpp"

namespace pelton::py {
namespace {

namespace pb = pybind11;

http::ClientCertificates client_certificates_from(const std::string& word) {
  if (word == "off") return http::ClientCertificates::off;
  if (word == "optional") return http::ClientCertificates::optional;
  if (word == "required") return http::ClientCertificates::required;
  throw pb::value_error("client certificates are off, optional or required, not " + word);
}

// The capsule owns the source.
pb::capsule load(const std::vector<std::pair<std::string, std::string>>& pairs,
                 std::string key_password, std::string ca_path, std::string crl_path,
                 const std::string& client_certificates,
                 const std::pair<std::uint16_t, std::uint16_t>& versions, std::string ciphers,
                 std::vector<std::string> protocols) {
  http::TlsSettings settings{.pairs = {},
                             .key_password = std::move(key_password),
                             .ca_path = std::move(ca_path),
                             .crl_path = std::move(crl_path),
                             .client_certificates = client_certificates_from(client_certificates),
                             .version_min = versions.first,
                             .version_max = versions.second,
                             .ciphers = std::move(ciphers),
                             .protocols = std::move(protocols)};
  for (const auto& [chain, key] : pairs) settings.pairs.push_back({chain, key});
  auto source = http::TlsSource::load(std::move(settings));
  if (!source) throw pb::value_error(source.error());
  http::FilterSource* const filters = source->release();
  return {filters, filter_capsule_name,
          [](void* owned) { delete static_cast<http::FilterSource*>(owned); }};
}

std::pair<std::string, std::string> own_certificate(const std::vector<std::string>& hosts,
                                                    int days) {
  const auto made = http::make_own_certificate(hosts, days);
  if (!made) throw pb::value_error("no certificate can be made for these hosts");
  return {made->certificate, made->key};
}

}  // namespace
}  // namespace pelton::py

PYBIND11_MODULE(_tls, module) {
  namespace pb = pybind11;
  module.doc() = "The TLS of pelton's listeners. Private; use `pelton` instead.";
  module.def("load", pelton::py::load, pb::kw_only(), pb::arg("pairs"),
             pb::arg("key_password") = "", pb::arg("ca_path") = "", pb::arg("crl_path") = "",
             pb::arg("client_certificates") = "off",
             pb::arg("versions") = std::pair<std::uint16_t, std::uint16_t>(0x0303, 0x0304),
             pb::arg("ciphers") = "", pb::arg("protocols") = std::vector<std::string>(),
             "What makes TLS of a listener's connections, for Server(filters=). `pairs`: files of "
             "certificates with their chains, and of their keys. ValueError says what cannot be "
             "used.");
  module.def("own_certificate", pelton::py::own_certificate, pb::arg("hosts"), pb::arg("days"),
             "A certificate that signs itself, and its key, both in PEM.");
  module.def("library_version", pelton::http::tls_library_version, "Of OpenSSL.");
}

// A certificate that signs itself, for people who try TLS on their own machine.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace pelton::http {

struct OwnCertificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

// For these hosts and addresses, valid for so many days from now; nothing without memory.
std::optional<OwnCertificate> make_own_certificate(std::span<const std::string> hosts, int days);

}  // namespace pelton::http

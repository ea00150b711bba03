// Fields by which browsers protect a page and its visitors: fixed texts, and one for https alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "http/message/field.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http::middleware {

struct SecurityHeadersConfig {
  std::vector<std::pair<std::string, std::string>> fields;
  // Strict-Transport-Security, which must not be sent by plain http (RFC 6797 section 7.2). Empty:
  // never.
  std::string transport_security;
};

class SecurityHeaders {
 public:
  explicit SecurityHeaders(SecurityHeadersConfig config) : config_(std::move(config)) {}

  // The views are of this object.
  void add_fields(const RequestHead& request, std::vector<FieldView>& fields) const;

 private:
  const SecurityHeadersConfig config_;
};

}  // namespace pelton::http::middleware

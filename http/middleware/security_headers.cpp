#include "http/middleware/security_headers.hpp"

namespace pelton::http::middleware {

void SecurityHeaders::add_fields(const RequestHead& request, std::vector<FieldView>& fields) const {
  for (const auto& [name, value] : config_.fields) fields.push_back({name, value});
  if (request.is_secure && !config_.transport_security.empty()) {
    fields.push_back({"Strict-Transport-Security", config_.transport_security});
  }
}

}  // namespace pelton::http::middleware

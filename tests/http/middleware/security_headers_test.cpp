#include "http/middleware/security_headers.hpp"

#include <gtest/gtest.h>

#include "parsed_request.hpp"

namespace pelton::http::middleware {
namespace {

std::string added(const SecurityHeadersConfig& config, bool is_secure) {
  RequestHead head = ParsedRequest("").head();
  head.is_secure = is_secure;
  const SecurityHeaders headers(config);
  std::vector<FieldView> fields;
  headers.add_fields(head, fields);
  return told(fields);
}

TEST(SecurityHeaders, fixed_fields_in_their_order) {
  const SecurityHeadersConfig config{.fields = {{"X-Frame-Options", "DENY"}, {"A", "b"}},
                                     .transport_security = ""};
  EXPECT_EQ(added(config, false), "X-Frame-Options: DENY; A: b; ");
  EXPECT_EQ(added(config, true), "X-Frame-Options: DENY; A: b; ");
}

TEST(SecurityHeaders, strict_transport_security_by_https_alone) {
  const SecurityHeadersConfig config{.fields = {}, .transport_security = "max-age=60"};
  EXPECT_EQ(added(config, false), "");
  EXPECT_EQ(added(config, true), "Strict-Transport-Security: max-age=60; ");
}

}  // namespace
}  // namespace pelton::http::middleware

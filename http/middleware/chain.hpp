// The middlewares that the runtime runs itself, in one fixed order, for every request: those of
// handlers, files and hosted applications, and those that no route takes. One middleware is one
// file of this room.
//
// Before a request is routed, before() may answer it. When a response begins, its request decides
// which fields are added to those of the handler. A server without middlewares has no chain.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "http/message/field.hpp"
#include "http/message/request_head.hpp"
#include "http/message/response_additions.hpp"
#include "http/middleware/cors.hpp"
#include "http/middleware/request_id.hpp"
#include "http/middleware/security_headers.hpp"

namespace pelton::http::middleware {

struct Config {
  std::optional<RequestIdConfig> request_id = {};
  std::optional<SecurityHeadersConfig> security_headers = {};
  std::optional<CorsConfig> cors = {};

  bool empty() const { return !request_id && !security_headers && !cors; }
};

// The answer to a request that no handler sees.
struct Answer {
  std::uint16_t status;
  std::string_view text;  // plain text; may be empty
};

// One for each core: its memory is used again by every response.
class Chain final : public ResponseAdditions {
 public:
  // `seed`: a random number, another one for each core.
  Chain(const Config& config, std::uint64_t seed);

  // A middleware reads RequestHead::is_secure, which has to be set before before().
  bool reads_scheme() const { return security_headers_.has_value(); }
  // Settles the request's id. Comes first, so that every answer has it.
  void number(RequestHead& request);
  // The answer to a request, if a middleware answers it.
  std::optional<Answer> before(const RequestHead& request) const;
  // Empty where requests are not numbered. Valid until the next call, and as long as the request.
  std::string_view id_of(const RequestHead& request);
  std::span<const FieldView> additions_for(const RequestHead& request) override;

 private:
  std::optional<RequestIds> request_ids_;
  std::optional<SecurityHeaders> security_headers_;
  std::optional<Cors> cors_;
  std::vector<FieldView> added_;
};

}  // namespace pelton::http::middleware

// A number for each request, by which its lines in logs and the report of its user are found again.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message/request_head.hpp"

namespace pelton::http::middleware {

struct RequestIdConfig {
  std::string header = "X-Request-ID";
  bool trusts_incoming = false;  // a client's or a proxy's own id is taken over
};

class RequestIds {
 public:
  // `seed`: another one for each core.
  RequestIds(RequestIdConfig config, std::uint64_t seed);

  const std::string& header() const { return config_.header; }
  // The request's id is settled. Call it once, before the request is routed.
  void number(RequestHead& request);
  // 32 hexadecimal digits, or the text that the client has sent; empty for a request without a
  // number. Valid until the next call, and as long as the request.
  std::string_view of(const RequestHead& request);

 private:
  static constexpr std::size_t digits_count = 32;

  std::string_view incoming(const RequestHead& request) const;

  const RequestIdConfig config_;
  const std::uint64_t seed_;
  std::uint64_t count_ = 0;
  std::array<char, digits_count> digits_{};
};

}  // namespace pelton::http::middleware

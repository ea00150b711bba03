// Cross-origin resource sharing: which other origins' pages may read responses (Fetch standard,
// section 3.3). A preflight, by which a browser asks before it sends a request, is answered here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message/field.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http::middleware {

struct CorsConfig {
  std::vector<std::string> origins;  // "https://app.example"; empty: all, without credentials
  std::vector<std::string> methods;
  std::vector<std::string> headers;  // empty: all that a page asks for
  std::vector<std::string> exposed;
  bool credentials = false;
  std::uint32_t max_age_s = 600;
};

class Cors {
 public:
  explicit Cors(CorsConfig config);

  // The request only asks whether another one may be sent.
  static bool is_preflight(const RequestHead& request);
  // What a preflight asks for and does not get: "origin", "method" or "headers"; empty if nothing.
  std::string_view refused(const RequestHead& preflight) const;
  // Adds what the response to a request has to say. The views are of this object and of the
  // request.
  void add_fields(const RequestHead& request, std::vector<FieldView>& fields) const;

 private:
  bool takes_all_origins() const { return config_.origins.empty(); }
  bool allows_origin(std::string_view origin) const;
  bool allows_headers(std::string_view list) const;

  const CorsConfig config_;
  const std::string methods_;
  const std::string headers_;
  const std::string exposed_;
  const std::string max_age_;
};

}  // namespace pelton::http::middleware

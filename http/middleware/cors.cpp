#include "http/middleware/cors.hpp"

#include <algorithm>
#include <utility>

#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"

namespace pelton::http::middleware {

namespace {

constexpr std::string_view origin_name = "origin";
constexpr std::string_view method_name_asked = "access-control-request-method";
constexpr std::string_view headers_name_asked = "access-control-request-headers";

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ", ";
    text += part;
  }
  return text;
}

// The value of the only field of this name; empty if there is none, or more than one.
std::string_view only(const RequestHead& request, std::string_view name) {
  std::string_view value;
  bool found = false;
  for (const Field& field : request.fields) {
    if (field.name.bytes != name.size() || !is_same_name(request.text(field.name), name)) continue;
    if (std::exchange(found, true)) return {};
    value = request.text(field.value);
  }
  return value;
}

}  // namespace

Cors::Cors(CorsConfig config)
    : config_(std::move(config)),
      methods_(joined(config_.methods)),
      headers_(joined(config_.headers)),
      exposed_(joined(config_.exposed)),
      max_age_(std::to_string(config_.max_age_s)) {}

bool Cors::is_preflight(const RequestHead& request) {
  return request.method == Method::options && !only(request, origin_name).empty() &&
         !only(request, method_name_asked).empty();
}

bool Cors::allows_origin(std::string_view origin) const {
  return takes_all_origins() || std::ranges::find(config_.origins, origin) != config_.origins.end();
}

bool Cors::allows_headers(std::string_view list) const {
  std::string_view name;
  while (next_element(list, name)) {
    if (name.empty()) continue;
    const bool is_listed = config_.headers.empty() ||
                           std::ranges::any_of(config_.headers, [&](const std::string& one) {
                             return is_same_name(one, name);
                           });
    if (!is_token(name) || !is_listed) return false;
  }
  return true;
}

std::string_view Cors::refused(const RequestHead& preflight) const {
  if (!allows_origin(only(preflight, origin_name))) return "origin";
  const std::string_view method = only(preflight, method_name_asked);
  if (std::ranges::find(config_.methods, method) == config_.methods.end()) return "method";
  return allows_headers(only(preflight, headers_name_asked)) ? "" : "headers";
}

void Cors::add_fields(const RequestHead& request, std::vector<FieldView>& fields) const {
  const std::string_view origin = only(request, origin_name);
  // A cache must not hand a response for one origin to a page of another.
  if (!takes_all_origins()) fields.push_back({"Vary", "Origin"});
  if (!takes_all_origins() && !allows_origin(origin)) return;
  fields.push_back({"Access-Control-Allow-Origin", takes_all_origins() ? "*" : origin});
  if (config_.credentials) fields.push_back({"Access-Control-Allow-Credentials", "true"});
  if (!is_preflight(request)) {
    if (!exposed_.empty()) fields.push_back({"Access-Control-Expose-Headers", exposed_});
    return;
  }
  if (!refused(request).empty()) return;
  fields.push_back({"Access-Control-Allow-Methods", methods_});
  fields.push_back({"Access-Control-Max-Age", max_age_});
  const std::string_view asked = only(request, headers_name_asked);
  if (!config_.headers.empty()) {
    fields.push_back({"Access-Control-Allow-Headers", headers_});
  } else if (!asked.empty()) {
    fields.push_back({"Vary", "Access-Control-Request-Headers"});
    fields.push_back({"Access-Control-Allow-Headers", asked});
  }
}

}  // namespace pelton::http::middleware

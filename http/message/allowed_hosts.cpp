#include "http/message/allowed_hosts.hpp"

#include <algorithm>
#include <utility>

#include "http/message/authority.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), to_lower);
  return lower;
}

}  // namespace

std::string AllowedHosts::add(std::string_view text) {
  if (text == "*") {
    all_ = true;
    return {};
  }
  const bool is_domain = text.starts_with("*.");
  Authority parts;
  if (!read_authority(is_domain ? text.substr(2) : text, parts)) {
    return "is no host and no domain such as *.example.org";
  }
  if (parts.port != 0) return "has a port, which does not count; leave it out";
  std::string lower = lower_case(is_domain ? text.substr(1) : text);
  (is_domain ? domains_ : hosts_).push_back(std::move(lower));
  return {};
}

bool AllowedHosts::allows(std::string_view authority) const {
  if (allows_all()) return true;
  Authority parts;
  if (!read_authority(authority, parts)) return false;
  const std::string host = lower_case(parts.host);
  if (std::ranges::find(hosts_, host) != hosts_.end()) return true;
  return std::ranges::any_of(domains_, [&host](const std::string& domain) {
    return host.size() > domain.size() && host.ends_with(domain);
  });
}

}  // namespace pelton::http

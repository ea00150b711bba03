#include "http/message/forwarded_fields.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "http/message/authority.hpp"
#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/folded_text.hpp"
#include "http/message/octets.hpp"
#include "http/message/path.hpp"
#include "http/message/percent.hpp"

namespace pelton::http {
namespace {

// --- values ---

// Where a hop says that a request came from.
struct Node {
  std::optional<IpAddress> address;  // nothing: unknown or hidden (RFC 7239 section 6)
  std::uint16_t port = 0;
};

std::uint16_t port_number(std::string_view text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

bool is_hidden_name(std::string_view text) {
  return text.size() > 1 && text[0] == '_' &&
         std::ranges::all_of(text, [](char octet) { return octet_is(octet, octet_host); });
}

// An address with or without a port; IPv6 has brackets if a port follows.
bool read_node(std::string_view text, Node& node) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view inside = text.substr(1, close - 1);
    node.address = read_ip_address(inside);
    if (!node.address || !inside.contains(':')) return false;
    port = text.substr(close + 1);
  } else {
    node.address = read_ip_address(text);
    if (node.address) return true;
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view host = text.substr(0, colon);
    port = text.substr(colon);
    node.address = read_ip_address(host);
    if (!node.address && !is_same_name(host, "unknown") && !is_hidden_name(host)) return false;
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  if (text[text.size() - port.size() - 1] != ':') return false;
  if (is_hidden_name(port)) return true;
  if (!is_port(port)) return false;
  node.port = port_number(port);
  return true;
}

// The scheme that the client used; a proxy may give that of a WebSocket.
std::optional<bool> read_scheme(std::string_view text) {
  if (is_same_name(text, "https") || is_same_name(text, "wss")) return true;
  if (is_same_name(text, "http") || is_same_name(text, "ws")) return false;
  return std::nullopt;
}

bool is_authority(std::string_view text) {
  Authority parts;
  return read_authority(text, parts);
}

// A path as it may stand in a URL, decoded and without slashes at its end.
bool read_root_path(std::string_view text, std::string& path) {
  if (!text.starts_with('/') || text.starts_with("//")) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!octet_is(text[at], octet_target) || text[at] == '?' || text[at] == '\\') return false;
    if (text[at] != '%') continue;
    const std::string_view escape = text.substr(at, 3);
    if (escape.size() < 3 || !octet_is(escape[1], octet_hex) || !octet_is(escape[2], octet_hex) ||
        escape == "%00") {
      return false;
    }
  }
  path.resize(text.size());
  const DecodedPath decoded = decode_path(text, path.data(), {});
  if (decoded.shape.has_dot_segment) return false;
  path.resize(decoded.bytes);
  while (path.ends_with('/')) path.pop_back();
  return valid_utf8(path);
}

// --- the way from the client to us ---

// One hop: what one proxy has written.
struct Hop {
  bool has_node = false;
  Node node;
  std::optional<bool> is_secure;
  std::string authority;
  bool malformed = false;
};

// Finds the client among hops that are given from left to right.
class Way {
 public:
  explicit Way(const TrustedPeers& trusted) : trusted_(trusted) {}

  void add(Hop hop) {
    const bool passes =
        trusted_.trusts_all() ||
        (!hop.malformed && hop.has_node && hop.node.address && trusted_.trusts(*hop.node.address));
    if (!std::exchange(begun_, true) || !passes) {
      client_ = std::move(hop);
    } else if (!hop.malformed) {
      // A proxy nearer to us, which may say what the first one left out.
      if (!client_.is_secure) client_.is_secure = hop.is_secure;
      if (client_.authority.empty()) client_.authority = std::move(hop.authority);
    }
  }

  void read_into(ForwardedValues& values) {
    if (client_.malformed) {
      values.malformed = true;
      return;
    }
    values.names_client = client_.has_node;
    if (client_.node.address) values.client_host = ip_text(*client_.node.address);
    values.client_port = client_.node.port;
    values.is_secure = client_.is_secure;
    values.authority = std::move(client_.authority);
  }

 private:
  const TrustedPeers& trusted_;
  Hop client_;
  bool begun_ = false;
};

// --- X-Forwarded-* ---

// A field that may stand only once, with one value.
struct Single {
  std::string_view value;
  bool present = false;
  bool repeated = false;

  void take(std::string_view text) {
    repeated = present || text.contains(',');
    present = true;
    value = text;
  }
};

constexpr std::string_view x_forwarded = "x-forwarded-";

bool is_x_forwarded(std::string_view name) {
  return name.size() > x_forwarded.size() && folds_to<"x-forwarded-">(name.data());
}

void add_hops(std::string_view list, Way& way) {
  std::string_view element;
  while (next_element(list, element)) {
    if (element.empty()) continue;
    Hop hop;
    hop.has_node = true;
    hop.malformed = !read_node(element, hop.node);
    way.add(std::move(hop));
  }
}

ForwardedValues read_x_forwarded(const RequestHead& head, const TrustedPeers& trusted) {
  Way way(trusted);
  Single proto;
  Single host;
  Single port;
  Single prefix;
  for (const Field& field : head.fields) {
    const std::string_view name = head.text(field.name);
    if (!is_x_forwarded(name)) continue;
    const std::string_view kind = name.substr(x_forwarded.size());
    const std::string_view value = head.text(field.value);
    if (is_same_name(kind, "for")) {
      add_hops(value, way);
    } else if (is_same_name(kind, "proto")) {
      proto.take(value);
    } else if (is_same_name(kind, "host")) {
      host.take(value);
    } else if (is_same_name(kind, "port")) {
      port.take(value);
    } else if (is_same_name(kind, "prefix")) {
      prefix.take(value);
    }
  }
  ForwardedValues values;
  way.read_into(values);
  // An empty value says nothing.
  const auto read = [&values](const Single& single, auto take) {
    if (single.repeated || (!single.value.empty() && !take(single.value))) values.malformed = true;
  };
  read(proto, [&](std::string_view text) {
    values.is_secure = read_scheme(text);
    return values.is_secure.has_value();
  });
  read(host, [&](std::string_view text) {
    if (is_authority(text)) values.authority = text;
    return !values.authority.empty();
  });
  read(port, [&](std::string_view text) {
    if (is_port(text)) values.port = port_number(text);
    return values.port != 0;
  });
  read(prefix, [&](std::string_view text) {
    const bool is_path = read_root_path(text, values.root_path);
    if (!is_path) values.root_path.clear();
    return is_path;
  });
  return values;
}

// --- Forwarded ---

void skip_blanks(std::string_view& rest) {
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
}

std::string_view take_token(std::string_view& rest) {
  std::size_t bytes = 0;
  while (bytes < rest.size() && is_tchar(rest[bytes])) ++bytes;
  const std::string_view token = rest.substr(0, bytes);
  rest.remove_prefix(bytes);
  return token;
}

// Reads a quoted string (RFC 9110 section 5.6.4) from its first quote on. False if it has no end.
bool take_quoted(std::string_view& rest, std::string& text) {
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      rest.remove_prefix(at + 1);
      return true;
    }
    if (rest[at] == '\\' && ++at == rest.size()) break;
    text += rest[at];
  }
  rest = {};
  return false;
}

// Goes to the comma that ends a malformed element.
void skip_element(std::string_view& rest) {
  while (!rest.empty() && rest.front() != ',') {
    std::string ignored;
    if (rest.front() == '"') {
      take_quoted(rest, ignored);
    } else {
      rest.remove_prefix(1);
    }
  }
}

// One parameter of a hop. False if it is malformed or stands twice.
bool read_pair(std::string_view name, std::string_view value, Hop& hop) {
  if (is_same_name(name, "for")) {
    return !std::exchange(hop.has_node, true) && read_node(value, hop.node);
  }
  if (is_same_name(name, "proto")) {
    if (hop.is_secure) return false;
    hop.is_secure = read_scheme(value);
    return hop.is_secure.has_value();
  }
  if (is_same_name(name, "host")) {
    if (!hop.authority.empty() || !is_authority(value)) return false;
    hop.authority = value;
  }
  return true;
}

// The pairs of an element up to its comma. False if it is malformed; then `rest` may stand anywhere
// in it.
bool read_pairs(std::string_view& rest, Hop& hop) {
  while (true) {
    skip_blanks(rest);
    if (rest.empty() || rest.front() == ',') return true;
    if (rest.front() == ';') {
      rest.remove_prefix(1);
      continue;
    }
    const std::string_view name = take_token(rest);
    if (name.empty() || !rest.starts_with('=')) return false;
    rest.remove_prefix(1);
    std::string value;
    if (rest.starts_with('"')) {
      if (!take_quoted(rest, value)) return false;
    } else {
      value = take_token(rest);
      if (value.empty()) return false;
    }
    if (!read_pair(name, value, hop)) return false;
    skip_blanks(rest);
    if (!rest.empty() && rest.front() != ';' && rest.front() != ',') return false;
  }
}

ForwardedValues read_forwarded(const RequestHead& head, const TrustedPeers& trusted) {
  Way way(trusted);
  for (const Field& field : head.fields) {
    if (!folds_to<"forwarded">(head.text(field.name))) continue;
    std::string_view rest = trimmed(head.text(field.value));
    while (!rest.empty()) {
      skip_blanks(rest);
      if (rest.starts_with(',')) {
        rest.remove_prefix(1);
        continue;
      }
      Hop hop;
      hop.malformed = !read_pairs(rest, hop);
      if (hop.malformed) skip_element(rest);
      way.add(std::move(hop));
    }
  }
  ForwardedValues values;
  way.read_into(values);
  return values;
}

}  // namespace

bool has_forwarded_fields(const RequestHead& head, ForwardedFamily family) {
  return std::ranges::any_of(head.fields, [&](const Field& field) {
    const std::string_view name = head.text(field.name);
    return family == ForwardedFamily::forwarded ? folds_to<"forwarded">(name)
                                                : is_x_forwarded(name);
  });
}

ForwardedValues read_forwarded_fields(const RequestHead& head, ForwardedFamily family,
                                      const TrustedPeers& trusted) {
  return family == ForwardedFamily::forwarded ? read_forwarded(head, trusted)
                                              : read_x_forwarded(head, trusted);
}

}  // namespace pelton::http

#include "pymod/hosting/wsgi_environ.hpp"

#include <algorithm>
#include <utility>

#include "http/message/field_rules.hpp"
#include "http/message/percent.hpp"
#include "http/serve/request_origin.hpp"
#include "http/serve/shared.hpp"
#include "pymod/hotpath/body_file_object.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

char upper(char octet) {
  return octet >= 'a' && octet <= 'z' ? static_cast<char>(octet - ('a' - 'A')) : octet;
}

// Takes over the value; false with an error set.
bool put(PyObject* environ, const OwnedRef& key, PyObject* value) {
  const OwnedRef held(value);
  return held && PyDict_SetItem(environ, key.get(), value) == 0;
}

// One code point for each octet of the decoded path.
PyObject* decoded_path(std::string_view raw) {
  if (raw.find('%') == std::string_view::npos) return latin1_text(raw);
  std::string decoded(raw);
  decoded.resize(http::decode_percent(raw, decoded.data()));
  return latin1_text(decoded);
}

PyObject* method_of(const http::RequestHead& head, const Interned& interned) {
  const OwnedRef& known = interned.methods[static_cast<std::size_t>(head.method)];
  if (known) return Py_NewRef(known.get());
  return latin1_text(head.text(head.method_text));
}

PyObject* number_text(std::uint64_t number) {
  return latin1_text(std::to_string(number));
}

// A name with an underscore would have the key of one with a hyphen, and HTTP_PROXY has another
// meaning to the libraries of an application (H1-037).
bool is_alias(std::string_view name) {
  return name.find('_') != std::string_view::npos || http::is_same_name(name, "proxy");
}

// A coding of the transfer has been undone, and the length has a key of its own.
bool is_framing(std::string_view name) {
  return http::is_same_name(name, "transfer-encoding") ||
         http::is_same_name(name, "content-length");
}

}  // namespace

bool WsgiEnvirons::prepare(PyObject* same, PyObject* make_input) {
  struct Row {
    OwnedRef& slot;
    const char* text;
  };
  const Row rows[] = {{keys_.request_method, "REQUEST_METHOD"},
                      {keys_.script_name, "SCRIPT_NAME"},
                      {keys_.path_info, "PATH_INFO"},
                      {keys_.query_string, "QUERY_STRING"},
                      {keys_.content_type, "CONTENT_TYPE"},
                      {keys_.content_length, "CONTENT_LENGTH"},
                      {keys_.server_name, "SERVER_NAME"},
                      {keys_.server_port, "SERVER_PORT"},
                      {keys_.server_protocol, "SERVER_PROTOCOL"},
                      {keys_.remote_addr, "REMOTE_ADDR"},
                      {keys_.remote_port, "REMOTE_PORT"},
                      {keys_.http_cookie, "HTTP_COOKIE"},
                      {keys_.url_scheme, "wsgi.url_scheme"},
                      {keys_.input, "wsgi.input"},
                      {protocol_1_0_, "HTTP/1.0"},
                      {protocol_1_1_, "HTTP/1.1"},
                      {protocol_2_, "HTTP/2"}};
  for (const Row& row : rows) {
    row.slot = OwnedRef(PyUnicode_InternFromString(row.text));
    if (!row.slot) return false;
  }
  make_input_ = OwnedRef::share(make_input);
  same_ = OwnedRef(PyDict_Copy(same));
  return static_cast<bool>(same_);
}

OwnedRef WsgiEnvirons::make(http::Exchange& exchange, PyObject* request) {
  const http::RequestHead& head = exchange.request();
  const Interned& interned = hot_.names;
  const bool is_secure = exchange.is_secure();
  const OwnedRef& scheme = is_secure ? interned.scheme_https : interned.scheme_http;
  const OwnedRef& protocol = head.is_h2                ? protocol_2_
                             : head.version_minor == 0 ? protocol_1_0_
                                                       : protocol_1_1_;
  OwnedRef environ(PyDict_Copy(same_.get()));
  PyObject* const made = environ.get();
  const bool is_made = environ && put(made, keys_.request_method, method_of(head, interned)) &&
                       put_target(made, exchange) &&
                       put(made, keys_.server_protocol, Py_NewRef(protocol.get())) &&
                       put(made, keys_.url_scheme, Py_NewRef(scheme.get())) &&
                       put_ends(made, exchange.endpoints(), is_secure) &&
                       put_fields(made, exchange) && put_body(made, exchange, request);
  return is_made ? std::move(environ) : OwnedRef();
}

// The match has left the prefix of a mount out of the rest of the path; what a trusted proxy has
// taken off stands in front of it again.
bool WsgiEnvirons::put_target(PyObject* environ, const http::Exchange& exchange) const {
  const http::RequestHead& head = exchange.request();
  const std::string_view path = head.text(head.path);
  const std::string_view rest = exchange.match().location;
  OwnedRef script_name(decoded_path(path.substr(0, path.size() - rest.size())));
  const http::RequestOrigin* const origin = exchange.forwarded();
  if (script_name && origin != nullptr && !origin->root_path.empty()) {
    const OwnedRef before(latin1_text(origin->root_path));
    script_name = OwnedRef(before ? PyUnicode_Concat(before.get(), script_name.get()) : nullptr);
  }
  return put(environ, keys_.script_name, script_name.release()) &&
         put(environ, keys_.path_info, decoded_path(rest)) &&
         put(environ, keys_.query_string, latin1_text(head.text(head.query)));
}

// On a Unix socket the client has no address and the server no name.
bool WsgiEnvirons::put_ends(PyObject* environ, const http::Endpoints& ends, bool is_secure) {
  if (!server_name_text_ || ends.server_port != server_port_ || ends.server_host != server_host_) {
    const bool has_name = !ends.server_host.empty();
    server_name_text_ = OwnedRef(utf8_text(has_name ? ends.server_host : "localhost"));
    server_port_text_ = OwnedRef(number_text(has_name ? ends.server_port : is_secure ? 443 : 80));
    server_host_ = ends.server_host;
    server_port_ = ends.server_port;
  }
  return put(environ, keys_.server_name, Py_XNewRef(server_name_text_.get())) &&
         put(environ, keys_.server_port, Py_XNewRef(server_port_text_.get())) &&
         put(environ, keys_.remote_addr, utf8_text(ends.client_host)) &&
         (ends.client_host.empty() ||
          put(environ, keys_.remote_port, number_text(ends.client_port)));
}

bool WsgiEnvirons::put_fields(PyObject* environ, http::Exchange& exchange) {
  const http::RequestHead& head = exchange.request();
  for (const http::Field& field : head.fields) {
    const std::string_view name = head.text(field.name);
    if (is_framing(name)) continue;
    if (is_alias(name)) {
      exchange.shared().stats.count(Reason::dropped_header_alias);
      continue;
    }
    const OwnedRef key = field_key(name);
    if (!key) return false;
    OwnedRef value(latin1_text(head.text(field.value)));
    if (!value) return false;
    PyObject* const before = PyDict_GetItemWithError(environ, key.get());
    if (before != nullptr) {
      const bool is_cookie = PyUnicode_Compare(key.get(), keys_.http_cookie.get()) == 0;
      value = OwnedRef(PyUnicode_FromFormat(is_cookie ? "%U; %U" : "%U,%U", before, value.get()));
    } else if (PyErr_Occurred() != nullptr) {
      return false;
    }
    if (!put(environ, key, value.release())) return false;
  }
  return true;
}

// Where the whole body has arrived its length is known also if it came in chunks.
bool WsgiEnvirons::put_body(PyObject* environ, const http::Exchange& exchange,
                            PyObject* request) const {
  const std::string_view body = exchange.body();
  const http::RequestHead& head = exchange.request();
  const bool has_body = head.framing != http::BodyFraming::none;
  const std::uint64_t bytes = request == nullptr ? body.size() : head.content_length;
  if (has_body && !put(environ, keys_.content_length, number_text(bytes))) return false;
  OwnedRef content(request != nullptr       ? Py_NewRef(request)
                   : lies_in_file(exchange) ? new_body_file(hot_.body_file_type(), &exchange)
                                            : octets_object(body));
  return content &&
         put(environ, keys_.input, PyObject_CallOneArg(make_input_.get(), content.get()));
}

// HTTP_ and the name in upper case; requests name the same few fields again and again.
OwnedRef WsgiEnvirons::field_key(std::string_view name) {
  if (http::is_same_name(name, "content-type")) return OwnedRef::share(keys_.content_type);
  // The case of letters is no part of the hash.
  const auto first = static_cast<unsigned char>(name.front() | 0x20);
  const auto last = static_cast<unsigned char>(name.back() | 0x20);
  const std::size_t hash = name.size() * 31 + std::size_t{first} * 7 + std::size_t{last} * 3;
  KeptKey& kept = field_keys_[hash % kept_names];
  if (!kept.key || !http::is_same_name(name, kept.name)) {
    std::string text = "HTTP_";
    for (const char octet : name) text.push_back(octet == '-' ? '_' : upper(octet));
    OwnedRef made(latin1_text(text));
    if (!made) return made;
    kept.key = std::move(made);
    kept.name = name;
  }
  return OwnedRef::share(kept.key);
}

}  // namespace pelton::py

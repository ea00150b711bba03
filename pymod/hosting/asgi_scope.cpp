#include "pymod/hosting/asgi_scope.hpp"

#include <algorithm>
#include <string>

#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/percent.hpp"
#include "http/message/tls_facts.hpp"
#include "http/serve/request_origin.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

char lower(char octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet + ('a' - 'A')) : octet;
}

char upper(char octet) {
  return octet >= 'a' && octet <= 'z' ? static_cast<char>(octet - ('a' - 'A')) : octet;
}

// Octets that are no UTF-8 become U+FFFD.
PyObject* decoded_path(std::string_view raw) {
  if (raw.find('%') == std::string_view::npos) return utf8_text(raw);
  std::string decoded(raw);
  decoded.resize(http::decode_percent(raw, decoded.data()));
  return utf8_text(decoded);
}

PyObject* address(std::string_view host, std::uint16_t port) {
  if (host.empty()) return Py_NewRef(Py_None);
  const OwnedRef host_text(utf8_text(host));
  const OwnedRef port_number(PyLong_FromLong(port));
  return host_text && port_number ? PyTuple_Pack(2, host_text.get(), port_number.get()) : nullptr;
}

PyObject* text_or_none(std::string_view text) {
  return text.empty() ? Py_NewRef(Py_None) : utf8_text(text);
}

// As the extension `tls` of ASGI has it.
PyObject* tls_dict(const http::TlsFacts& facts) {
  OwnedRef chain(PyList_New(0));
  if (!chain) return nullptr;
  for (const std::string& one : facts.client_chain) {
    const OwnedRef text(utf8_text(one));
    if (!text || PyList_Append(chain.get(), text.get()) != 0) return nullptr;
  }
  const OwnedRef server(text_or_none(facts.server_certificate));
  const OwnedRef client(text_or_none(facts.client_name));
  if (!server || !client) return nullptr;
  return Py_BuildValue("{sO sO sO sO si si}", "server_cert", server.get(), "client_cert_chain",
                       chain.get(), "client_cert_name", client.get(), "client_cert_error", Py_None,
                       "tls_version", facts.version_number, "cipher_suite", facts.cipher_number);
}

// Of a scope: those that it always has, and `tls` on a connection with TLS.
PyObject* extensions(const OwnedRef& always, const http::Exchange& exchange) {
  OwnedRef made(PyDict_Copy(always.get()));
  const http::TlsFacts* const facts = exchange.tls();
  if (!made || facts == nullptr) return made.release();
  const OwnedRef tls(tls_dict(*facts));
  return tls && PyDict_SetItemString(made.get(), "tls", tls.get()) == 0 ? made.release() : nullptr;
}

// Takes over the value; false with an error set.
bool put(PyObject* scope, const OwnedRef& key, PyObject* value) {
  const OwnedRef held(value);
  return held && PyDict_SetItem(scope, key.get(), value) == 0;
}

PyObject* method_of(const http::RequestHead& head, const Interned& interned) {
  const OwnedRef& known = interned.methods[static_cast<std::size_t>(head.method)];
  if (known) return Py_NewRef(known.get());
  std::string text(head.text(head.method_text));
  std::ranges::transform(text, text.begin(), upper);
  return latin1_text(text);
}

// The members of Sec-WebSocket-Protocol, over all its lines.
PyObject* subprotocols_of(const http::RequestHead& head) {
  OwnedRef list(PyList_New(0));
  if (!list) return nullptr;
  for (const http::Field& field : head.fields) {
    if (!http::is_same_name(head.text(field.name), "sec-websocket-protocol")) continue;
    std::string_view members = head.text(field.value);
    std::string_view member;
    while (http::next_element(members, member)) {
      if (member.empty()) continue;
      const OwnedRef text(latin1_text(member));
      if (!text || PyList_Append(list.get(), text.get()) != 0) return nullptr;
    }
  }
  return list.release();
}

}  // namespace

bool AsgiNames::make() {
  struct Row {
    OwnedRef& slot;
    const char* text;
  };
  const Row rows[] = {{type, "type"},
                      {asgi, "asgi"},
                      {http_version, "http_version"},
                      {method, "method"},
                      {scheme, "scheme"},
                      {path, "path"},
                      {raw_path, "raw_path"},
                      {query_string, "query_string"},
                      {root_path, "root_path"},
                      {headers, "headers"},
                      {client, "client"},
                      {server, "server"},
                      {state, "state"},
                      {extensions, "extensions"},
                      {body, "body"},
                      {more_body, "more_body"},
                      {status, "status"},
                      {trailers, "trailers"},
                      {more_trailers, "more_trailers"},
                      {http, "http"},
                      {http_request, "http.request"},
                      {http_disconnect, "http.disconnect"},
                      {http_response_start, "http.response.start"},
                      {http_response_body, "http.response.body"},
                      {http_response_trailers, "http.response.trailers"},
                      {http_response_early_hint, "http.response.early_hint"},
                      {http_response_pathsend, "http.response.pathsend"},
                      {links, "links"},
                      {subprotocols, "subprotocols"},
                      {subprotocol, "subprotocol"},
                      {bytes, "bytes"},
                      {text, "text"},
                      {code, "code"},
                      {reason, "reason"},
                      {websocket, "websocket"},
                      {websocket_connect, "websocket.connect"},
                      {websocket_receive, "websocket.receive"},
                      {websocket_disconnect, "websocket.disconnect"},
                      {websocket_accept, "websocket.accept"},
                      {websocket_send, "websocket.send"},
                      {websocket_close, "websocket.close"},
                      {websocket_http_response, "websocket.http.response"},
                      {websocket_http_response_start, "websocket.http.response.start"},
                      {websocket_http_response_body, "websocket.http.response.body"}};
  for (const Row& row : rows) {
    row.slot = OwnedRef(PyUnicode_InternFromString(row.text));
    if (!row.slot) return false;
  }
  return true;
}

bool AsgiScopes::prepare(PyObject* state) {
  asgi_ = OwnedRef(Py_BuildValue("{ssss}", "version", "3.0", "spec_version", "2.5"));
  http_extensions_ = OwnedRef(Py_BuildValue("{O{}O{}O{}}", names_.http_response_trailers.get(),
                                            names_.http_response_early_hint.get(),
                                            names_.http_response_pathsend.get()));
  websocket_extensions_ = OwnedRef(Py_BuildValue("{O{}}", names_.websocket_http_response.get()));
  http_ = OwnedRef(PyDict_New());
  state_ = OwnedRef::share(state);
  if (!asgi_ || !http_ || !http_extensions_ || !websocket_extensions_) return false;
  const OwnedRef* const keys[] = {
      &names_.type,   &names_.asgi,     &names_.http_version, &names_.method,    &names_.scheme,
      &names_.path,   &names_.raw_path, &names_.query_string, &names_.root_path, &names_.headers,
      &names_.client, &names_.server,   &names_.state,        &names_.extensions};
  for (const OwnedRef* const key : keys) {
    if (PyDict_SetItem(http_.get(), key->get(), Py_None) != 0) return false;
  }
  const OwnedRef no_path(PyUnicode_FromStringAndSize(nullptr, 0));
  if (!no_path || PyDict_SetItem(http_.get(), names_.root_path.get(), no_path.get()) != 0) {
    return false;
  }
  websocket_ = OwnedRef(PyDict_Copy(http_.get()));
  scheme_ws_ = OwnedRef(PyUnicode_InternFromString("ws"));
  scheme_wss_ = OwnedRef(PyUnicode_InternFromString("wss"));
  return websocket_ && scheme_ws_ && scheme_wss_ &&
         PyDict_SetItem(http_.get(), names_.type.get(), names_.http.get()) == 0 &&
         PyDict_SetItem(websocket_.get(), names_.type.get(), names_.websocket.get()) == 0 &&
         PyDict_DelItem(websocket_.get(), names_.method.get()) == 0;
}

OwnedRef AsgiScopes::http(http::Exchange& exchange) {
  OwnedRef scope(PyDict_Copy(http_.get()));
  const OwnedRef& scheme = exchange.is_secure() ? interned_.scheme_https : interned_.scheme_http;
  const bool is_made = scope && fill(scope.get(), exchange) &&
                       put(scope.get(), names_.method, method_of(exchange.request(), interned_)) &&
                       put(scope.get(), names_.scheme, Py_NewRef(scheme.get())) &&
                       put(scope.get(), names_.extensions, extensions(http_extensions_, exchange));
  return is_made ? std::move(scope) : OwnedRef();
}

OwnedRef AsgiScopes::websocket(http::Exchange& exchange) {
  OwnedRef scope(PyDict_Copy(websocket_.get()));
  const OwnedRef& scheme = exchange.is_secure() ? scheme_wss_ : scheme_ws_;
  const bool is_made =
      scope && fill(scope.get(), exchange) &&
      put(scope.get(), names_.scheme, Py_NewRef(scheme.get())) &&
      put(scope.get(), names_.subprotocols, subprotocols_of(exchange.request())) &&
      put(scope.get(), names_.extensions, extensions(websocket_extensions_, exchange));
  return is_made ? std::move(scope) : OwnedRef();
}

bool AsgiScopes::fill(PyObject* scope, http::Exchange& exchange) {
  const http::RequestHead& head = exchange.request();
  const http::Endpoints& ends = exchange.endpoints();
  const OwnedRef& version = interned_.version_of(head);
  return put(scope, names_.asgi, PyDict_Copy(asgi_.get())) &&
         put(scope, names_.http_version, Py_NewRef(version.get())) &&
         put(scope, names_.path, decoded_path(head.text(head.path))) &&
         put(scope, names_.raw_path, octets_object(head.text(head.path))) &&
         put(scope, names_.query_string, octets_object(head.text(head.query))) &&
         put(scope, names_.headers, headers(head).release()) &&
         put(scope, names_.client, address(ends.client_host, ends.client_port)) &&
         put(scope, names_.server, server(ends).release()) &&
         put(scope, names_.state, PyDict_Copy(state_.get())) && put_root_path(scope, exchange);
}

// The prefix of a mount, which the match has left out of the rest of the path. What a trusted proxy
// has taken off the path stands in front of both again; `raw_path` is as it came.
bool AsgiScopes::put_root_path(PyObject* scope, const http::Exchange& exchange) {
  const std::string_view path = exchange.request().text(exchange.request().path);
  const std::size_t prefix_bytes = path.size() - exchange.match().location.size();
  if (prefix_bytes != 0 &&
      !put(scope, names_.root_path, decoded_path(path.substr(0, prefix_bytes)))) {
    return false;
  }
  const http::RequestOrigin* const origin = exchange.forwarded();
  if (origin == nullptr || origin->root_path.empty()) return true;
  const OwnedRef before(utf8_text(origin->root_path));
  if (!before) return false;
  for (const OwnedRef* const key : {&names_.root_path, &names_.path}) {
    PyObject* const after = PyDict_GetItemWithError(scope, key->get());
    if (after == nullptr || !put(scope, *key, PyUnicode_Concat(before.get(), after))) return false;
  }
  return true;
}

// In lower case; requests name the same few fields again and again.
PyObject* AsgiScopes::header_name(std::string_view name) {
  // The case of letters is no part of the hash.
  const auto first = static_cast<unsigned char>(name.front() | 0x20);
  const auto last = static_cast<unsigned char>(name.back() | 0x20);
  const std::size_t hash = name.size() * 31 + std::size_t{first} * 7 + std::size_t{last} * 3;
  OwnedRef& kept = header_names_[hash % kept_names];
  if (!kept || !http::is_same_name(name, bytes_view(kept.get()))) {
    std::string in_lower_case(name);
    std::ranges::transform(in_lower_case, in_lower_case.begin(), lower);
    OwnedRef made(octets_object(in_lower_case));
    if (!made) return nullptr;
    kept = std::move(made);
  }
  return Py_NewRef(kept.get());
}

OwnedRef AsgiScopes::headers(const http::RequestHead& head) {
  OwnedRef list(PyList_New(static_cast<Py_ssize_t>(head.fields.size())));
  if (!list) return list;
  Py_ssize_t index = 0;
  for (const http::Field& field : head.fields) {
    PyObject* const pair = PyTuple_New(2);
    if (pair == nullptr) return OwnedRef();
    PyList_SET_ITEM(list.get(), index++, pair);
    PyObject* const name = header_name(head.text(field.name));
    if (name == nullptr) return OwnedRef();
    PyTuple_SET_ITEM(pair, 0, name);
    PyObject* const value = octets_object(head.text(field.value));
    if (value == nullptr) return OwnedRef();
    PyTuple_SET_ITEM(pair, 1, value);
  }
  return list;
}

// On a Unix socket its path, and None for the port.
OwnedRef AsgiScopes::server(const http::Endpoints& ends) {
  const bool is_unix = ends.server_host.empty();
  const std::string& name = is_unix ? ends.server_path : ends.server_host;
  if (!server_ || ends.server_port != server_port_ || name != server_name_) {
    if (is_unix && !name.empty()) {
      const auto bytes = static_cast<Py_ssize_t>(name.size());
      const OwnedRef path(PyUnicode_DecodeFSDefaultAndSize(name.data(), bytes));
      server_ = OwnedRef(path ? PyTuple_Pack(2, path.get(), Py_None) : nullptr);
    } else {
      server_ = OwnedRef(address(name, ends.server_port));
    }
    server_name_ = name;
    server_port_ = ends.server_port;
  }
  return OwnedRef::share(server_);
}

}  // namespace pelton::py

// The scope of an ASGI connection: what it says of the request, as a dict of its own for each one.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "http/serve/exchange.hpp"
#include "pymod/hosting/asgi_names.hpp"
#include "pymod/hotpath/interned.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class AsgiScopes {
 public:
  AsgiScopes(const AsgiNames& names, const Interned& interned)
      : names_(names), interned_(interned) {}
  AsgiScopes(const AsgiScopes&) = delete;
  AsgiScopes& operator=(const AsgiScopes&) = delete;

  // `state` is the lifespan's, of which each scope gets a copy. False with an error set.
  bool prepare(PyObject* state);
  // New dicts; null with an error set.
  OwnedRef http(http::Exchange& exchange);
  OwnedRef websocket(http::Exchange& exchange);

  int traverse(visitproc visit, void* arg) const {
    Py_VISIT(state_.get());
    return 0;
  }

 private:
  static constexpr std::size_t kept_names = 128;  // a power of two

  PyObject* header_name(std::string_view name);
  OwnedRef headers(const http::RequestHead& head);
  OwnedRef server(const http::Endpoints& ends);
  // What both kinds of scope have.
  bool fill(PyObject* scope, http::Exchange& exchange);
  bool put_root_path(PyObject* scope, const http::Exchange& exchange);

  const AsgiNames& names_;
  const Interned& interned_;
  OwnedRef asgi_;
  OwnedRef http_extensions_;  // each with an empty dict, which all scopes share
  OwnedRef websocket_extensions_;
  // Scopes with all their keys, in their order.
  OwnedRef http_;
  OwnedRef websocket_;
  OwnedRef scheme_ws_;
  OwnedRef scheme_wss_;
  OwnedRef state_;
  // Names of fields that were met before, in lower case, by a hash.
  std::array<OwnedRef, kept_names> header_names_;
  // The last server address, which all connections of a listener share.
  std::string server_name_;  // a host, or a path
  std::uint16_t server_port_ = 0;
  OwnedRef server_;
};

}  // namespace pelton::py

// The strings of ASGI that each request reads or writes, interned once per application.
#pragma once

#include <Python.h>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct AsgiNames {
  // Keys of scopes and events.
  OwnedRef type, asgi, http_version, method, scheme, path, raw_path, query_string, root_path;
  OwnedRef headers, client, server, state, extensions;
  OwnedRef body, more_body, status, trailers, more_trailers;
  OwnedRef links;
  OwnedRef subprotocols, subprotocol, bytes, text, code, reason;
  // Types.
  OwnedRef http, http_request, http_disconnect, http_response_start, http_response_body;
  OwnedRef http_response_trailers, http_response_early_hint, http_response_pathsend;
  OwnedRef websocket, websocket_connect, websocket_receive, websocket_disconnect;
  OwnedRef websocket_accept, websocket_send, websocket_close;
  OwnedRef websocket_http_response, websocket_http_response_start, websocket_http_response_body;

  // False with an error set.
  bool make();
};

}  // namespace pelton::py

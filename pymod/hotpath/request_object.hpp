// Request: what a handler sees of a message. While the handler runs, it reads from the exchange. If
// references to it are left afterwards, it copies its octets, then and nowhere else.
#pragma once

#include <Python.h>

#include <cstdint>

#include "http/serve/exchange.hpp"
#include "pymod/hotpath/application_state.hpp"

namespace pelton::py {

struct OwnOctets;

struct RequestObject {
  enum Part : std::uint8_t {
    path,
    query,
    headers,
    cookies,
    params,
    context,
    body,
    json,
    client,
    server,
    body_file,   // None if the body is in memory
    forwarded,   // the host and the path that a trusted proxy names; None without one
    tls,         // what the connection's TLS has agreed on; None without TLS
    trailers,    // pairs of name and value
    request_id,  // None where requests are not numbered
    part_count,
  };

  PyObject_HEAD ApplicationState* application;
  const CompiledRoute* route;
  http::Exchange* exchange;      // null once the handler has returned
  OwnOctets* own;                // the octets after that; null if there was no memory
  PyObject* application_object;  // owned after that
  PyObject* driver;              // borrowed: the driver of a suspended exchange; else null
  std::uint32_t made;            // which of the parts exist, a bit each
  bool tracked;                  // by the collector
  bool is_secure;                // the request came by https; set when the exchange is over
  PyObject* parts[part_count];
};

// A new reference, or null with an error set.
PyTypeObject* make_request_type();

// A request that borrows the exchange, or null with an error set. It comes from the free list and
// is unknown to the collector until it holds something that a cycle could pass through.
RequestObject* lend_request(const CompiledRoute& route, http::Exchange& exchange);
// Gives the caller's reference back at the end of the call; a request that lives on is detached.
inline void return_request(RequestObject* request);
// Frees the memory of a request object from a free list.
void free_request(RequestObject* dead);

// Makes the request object independent of the exchange: copies everything that only the exchange
// knows.
void detach_request(RequestObject& request);
// The same for trailers, which come behind a body that is read as it arrives. False with an error
// set.
bool keep_trailers(RequestObject& request, const http::Exchange& exchange);
// What return_request() does if the request object cannot simply go to the free list.
void retire_request(RequestObject* request);

inline void return_request(RequestObject* request) {
  // Most handlers leave nothing behind: neither parts nor another reference.
  const bool plain = Py_REFCNT(reinterpret_cast<PyObject*>(request)) == 1 && request->made == 0;
  if (!plain || !request->application->hot.dead_requests.give(request)) retire_request(request);
}

}  // namespace pelton::py

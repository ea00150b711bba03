// Requests whose bodies or responses stream, for the tests of both.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "served.hpp"

namespace pelton::http {

using Events = std::vector<ExchangeEvent>;

inline const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
inline const std::string stream_request = "GET /stream/a HTTP/1.1\r\nHost: a\r\n\r\n";
inline const ContentType plain_text("text/plain");

inline std::string upload(std::size_t bytes, std::string_view fields = "") {
  return "POST /stream/a HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) + "\r\n" +
         std::string(fields) + "\r\n";
}

inline const std::string chunked_upload =
    "POST /stream/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

inline Exchange& exchange_of(Served& served, std::size_t index = 0) {
  Exchange* const exchange = served.seen.suspended.at(index).handle.get();
  EXPECT_NE(exchange, nullptr);
  return *exchange;
}

inline Events& events_of(Served& served, std::size_t index = 0) {
  return served.seen.suspended.at(index).events;
}

// A peer whose request is with a handler that has begun its response.
inline uring::Peer begin_stream(Served& served, const std::string& request,
                                std::span<const FieldView> fields = {},
                                std::uint16_t status = 200) {
  const uring::Peer peer = served.connect();
  served.send(peer, request);
  EXPECT_EQ(exchange_of(served).begin_stream(
                {.status = status, .content_type = &plain_text, .fields = fields}),
            HeadFault::none);
  return peer;
}

inline std::string taken_after_run(Served& served, uring::Peer peer) {
  served.run();
  return served.engine.take_sent(peer);
}

// Everything that has come of a body, as a handler would take it.
inline std::string take_all(Exchange& exchange) {
  std::string body;
  for (;;) {
    const std::string_view octets = exchange.take_body();
    if (octets.empty()) return body;
    body += octets;
  }
}

}  // namespace pelton::http

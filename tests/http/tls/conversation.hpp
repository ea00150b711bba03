// A client and a TlsFilter that exchange their octets until neither has more to send.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/memory/output.hpp"
#include "core/ticket_keys.hpp"
#include "http/tls/tls_context.hpp"
#include "http/tls/tls_filter.hpp"
#include "tests/http/tls/authority.hpp"
#include "tests/http/tls/tls_client.hpp"

namespace pelton::support {

inline std::shared_ptr<const http::TlsContext> loaded(const http::TlsSettings& settings,
                                                      TicketKeys& keys) {
  auto made = http::TlsContext::load(settings, keys);
  EXPECT_TRUE(made) << (made ? "" : made.error());
  return made ? *made : nullptr;
}

class Conversation {
 public:
  Conversation(std::shared_ptr<const http::TlsContext> context, const ClientWish& wish = {})
      : client(wish), filter(http::TlsFilter::make(std::move(context))) {}

  // Octets of the client reach the server in pieces of so many.
  Reason proceed(std::size_t piece_bytes = 1 << 20) {
    for (;;) {
      const std::string up = client.take();
      for (std::size_t at = 0; at < up.size() && reason == Reason::none; at += piece_bytes) {
        const std::size_t bytes = std::min(piece_bytes, up.size() - at);
        Output opened(blocks);
        reason = filter->open({up.data() + at, bytes}, opened);
        plain += opened.view();
      }
      const std::string down = sealed({});
      if (up.empty() && down.empty()) return reason;
      client.receive(down);
    }
  }

  // What the socket would send for it.
  std::string sealed(std::string_view text) {
    Output octets(blocks);
    Output wire(blocks);
    octets.append(text);
    EXPECT_TRUE(filter->seal(octets, wire));
    EXPECT_TRUE(octets.empty());
    return std::string(wire.view());
  }

  BlockPool blocks;
  TlsClient client;
  std::unique_ptr<http::TlsFilter> filter;
  std::string plain;  // that the server has read
  Reason reason = Reason::none;
};

}  // namespace pelton::support

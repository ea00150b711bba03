// A thousand clients that are slow in each of the ways there are, beside one that is not.
#include <array>

#include "served.hpp"

namespace pelton::http {
namespace {

const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct Slowness {
  std::string begins;      // what each says at once
  std::string drips;       // and then each second
  std::size_t window;      // and how much of the answers each takes at all
  std::uint64_t limit_ms;  // when it is gone
};

TEST(SlowClients, CON_011_a_thousand_are_gone_in_time_and_a_good_one_is_always_served) {
  const ServerConfig config;
  const std::uint64_t grace_ms = config.rate_grace_ms;
  const std::array<Slowness, 6> ways{{
      {"", "", 0, config.header_timeout_ms},
      {"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", 0, config.header_timeout_ms},
      {"P", "O", 0, config.header_timeout_ms},
      // Each octet earns a 240th of a second.
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n", "x", 0, grace_ms + 50},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 0,
       grace_ms + 200},
      {"GET /big/100000 HTTP/1.1\r\nHost: a\r\n\r\n", "", 0, grace_ms},
  }};
  for (const Slowness& slow : ways) {
    SCOPED_TRACE(slow.begins);
    Served served(config);
    const uring::Peer good = served.connect();
    std::vector<uring::Peer> peers;
    for (int count = 0; count < 1000; ++count) {
      peers.push_back(served.connect());
      served.engine.set_window(peers.back(), slow.window);
      served.engine.deliver(peers.back(), slow.begins);
    }
    for (std::uint64_t passed_ms = 0; passed_ms < slow.limit_ms + 1000; passed_ms += 100) {
      ASSERT_EQ(status_of(served.send(good, hello_request)), 200);
      if (passed_ms % 1000 == 900) {
        for (const uring::Peer peer : peers) {
          if (!served.engine.closed(peer) && !served.engine.server_shutdown(peer)) {
            served.engine.deliver(peer, slow.drips);
          }
        }
      }
      served.pass_ms(100);
    }
    // Gone, or told why and only lingering for their FIN.
    const Gauges gauges = served.server.gauges();
    for (const Gauge gauge : {Gauge::connections_idle, Gauge::connections_reading}) {
      EXPECT_LE(gauges[static_cast<std::size_t>(gauge)], 1u);
    }
    served.pass_ms(config.linger_timeout_ms + config.rate_grace_ms + 1000);
    EXPECT_EQ(served.server.connections_live(), 1u);
    EXPECT_EQ(status_of(served.send(good, hello_request)), 200);
  }
}

}  // namespace
}  // namespace pelton::http

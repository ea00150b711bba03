// A server with the routes of served.hpp on an engine of the test's own making, and virtual time.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "served.hpp"

namespace pelton::http {

template <class Engine>
class ServedOn : public testing::Test {
 protected:
  explicit ServedOn(const ServerConfig& config = {}, const SpoolRules& spool_rules = {})
      : config_(config),
        routes_(serve_test_routes(seen_)),
        server_({.engine = engine_,
                 .clock = clock_,
                 .routes = routes_,
                 .config = config_,
                 .stats = stats_,
                 .spool_rules = spool_rules}),
        loop_(engine_, clock_, server_),
        listener_(engine_.listen()) {
    server_.listen(listener_);
    run();
  }
  ~ServedOn() override {
    server_.stop();
    for (int second = 0; second < 100 && !server_.finished(); ++second) pass_ms(1000);
    EXPECT_TRUE(server_.finished());
    EXPECT_EQ(engine_.operations_in_flight(), 0u);
  }

  void run() {
    for (int idle = 0; idle < 2;) idle = loop_.turn({}) == 0 ? idle + 1 : 0;
  }
  void pass_ms(std::uint64_t milliseconds) {
    clock_.advance_ns(milliseconds * 1'000'000);
    run();
  }
  uring::Peer connect() {
    const uring::Peer peer = engine_.connect(listener_);
    run();
    return peer;
  }
  std::string send(uring::Peer peer, std::string_view octets) {
    engine_.deliver(peer, octets);
    run();
    return engine_.take_sent(peer);
  }

  Seen seen_;
  Stats stats_;
  VirtualClock clock_;
  const ServerConfig config_;
  Engine engine_;
  const RouteTable routes_;
  Server server_;
  uring::Loop loop_;
  const uring::Descriptor listener_;
};

}  // namespace pelton::http

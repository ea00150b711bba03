// Which session a connection gets. TLS and the PROXY protocol have tests of their own.
#include <gtest/gtest.h>

#include <string>

#include "http/serve/connection.hpp"
#include "tests/http/h2/spoken.hpp"

namespace pelton::http {
namespace {

using support::request;

TEST(ConnectionOpening, H2_001_the_preface_however_it_is_cut) {
  const std::string octets = support::opening() + request(1, "/");
  for (std::size_t cut = 1; cut < octets.size(); ++cut) {
    Unspoken one;
    support::FrameReader came;
    came.receive(one.served.send(one.peer, octets.substr(0, cut)));
    came.receive(one.served.send(one.peer, octets.substr(cut)));
    EXPECT_EQ(came.streams[1].body, "hello") << cut;
  }
}

TEST(ConnectionOpening, H2_001_other_octets_are_HTTP_1) {
  const std::string octets = "PRI /x HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 1; cut < octets.size(); ++cut) {
    Unspoken one;
    std::string answer = one.served.send(one.peer, octets.substr(0, cut));
    answer += one.served.send(one.peer, octets.substr(cut));
    EXPECT_EQ(status_of(answer), 501) << cut;
  }
}

TEST(ConnectionOpening, H2_001_an_upgrade_to_h2c_is_not_taken) {
  Unspoken one;
  const std::string answer = one.served.send(
      one.peer,
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n");
  EXPECT_EQ(status_of(answer), 200);
}

TEST(ConnectionOpening, H2_001_a_client_that_leaves_within_the_preface) {
  for (std::size_t cut = 0; cut < h2::preface.size(); ++cut) {
    Unspoken one;
    one.served.send(one.peer, h2::preface.substr(0, cut));
    one.served.engine.finish(one.peer);
    one.served.run();
    one.served.pass_ms(20'000);
    EXPECT_TRUE(one.served.engine.closed(one.peer)) << cut;
  }
}

}  // namespace
}  // namespace pelton::http

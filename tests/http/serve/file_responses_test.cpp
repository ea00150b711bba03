// The half of http/serve/connection that sends files: peers that are slow, or leave.
#include "files/static_served.hpp"
#include "streamed.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t large = 3'000'000;

TEST(FileResponses, CON_004_a_slow_reader_is_cut_and_a_fair_one_is_not) {
  for (const bool fair : {false, true}) {
    StaticServed served;
    served.folder.write("a", octets_of(large));
    const uring::Peer peer = served.connect();
    served.engine.set_window(peer, 20'000);
    std::string received = served.send(peer, "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int second = 0; second < 300 && !served.engine.closed(peer); ++second) {
      served.pass_ms(1000);
      if (fair) received += served.engine.take_sent(peer);
    }
    EXPECT_EQ(served.count(Reason::cut_send_too_slow), fair ? 0u : 1u);
    if (fair) {
      EXPECT_EQ(body_of(received).size(), large);
    }
    EXPECT_EQ(FileSender::live(), 0u);
    served.engine.hang_up(peer);
  }
}

TEST(FileResponses, CON_044_a_peer_that_leaves_takes_its_sender_along) {
  for (const bool resets : {false, true}) {
    StaticServed served;
    served.folder.write("a", octets_of(large));
    const uring::Peer peer = served.connect();
    served.engine.set_window(peer, 50'000);
    served.send(peer, "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(FileSender::live(), 1u);
    if (resets) {
      served.engine.reset(peer);
    } else {
      served.engine.hang_up(peer);
    }
    served.run();
    EXPECT_EQ(FileSender::live(), 0u);
    EXPECT_EQ(served.server.connections_live(), 0u);
  }
}

TEST(FileResponses, many_slow_readers_hold_no_octets) {
  StaticServed served;
  served.folder.write("a", octets_of(large));
  std::vector<uring::Peer> peers;
  for (int index = 0; index < 500; ++index) {
    peers.push_back(served.connect());
    served.engine.set_window(peers.back(), 30'000);
    served.engine.deliver(peers.back(), "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  served.run();
  EXPECT_EQ(FileSender::live(), peers.size());
  const Gauges gauges = served.server.gauges();
  EXPECT_EQ(gauges[static_cast<std::size_t>(Gauge::send_queue_bytes)], 0u);
  for (const uring::Peer peer : peers) served.engine.hang_up(peer);
  served.run();
}

TEST(FileResponses, RSP_001_of_an_answer_without_a_body_no_octet_leaves) {
  const std::vector<FieldView> fields = {{"Content-Length", "100"}};
  for (const std::uint16_t status : {204, 205, 304}) {
    Served served;
    const uring::Peer peer = begin_stream(served, stream_request, fields, status);
    Exchange& exchange = exchange_of(served);
    EXPECT_EQ(exchange.write_file(-1, 0, 100), 100) << status;
    exchange.end(Outcome::responded);
    const std::string answer = taken_after_run(served, peer);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  }
}

TEST(FileResponses, PRC_016_a_stop_waits_for_the_file_till_its_deadline) {
  StaticServed served;
  const std::string octets = octets_of(large);
  served.folder.write("a", octets);
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 100'000);
  std::string received = served.send(peer, "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n");
  served.server.stop();
  for (int round = 0; round < 100; ++round) {
    served.run();
    received += served.engine.take_sent(peer);
  }
  EXPECT_EQ(body_of(received), octets);
}

}  // namespace
}  // namespace pelton::http

#include <string>
#include <vector>

#include "served.hpp"

namespace pelton::http {
namespace {

const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string slow_head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n";
// What the blocks behind one such upload take from its last receives on.
constexpr std::uint64_t upload_bytes = 16384;

// The statuses of requests that all lie there when the turn begins.
std::vector<int> statuses_of(Served& served, const std::vector<uring::Peer>& peers,
                             const std::string& request = hello_request) {
  for (const uring::Peer peer : peers) served.engine.deliver(peer, request);
  served.run();
  std::vector<int> statuses;
  for (const uring::Peer peer : peers) {
    for (const std::string& response : responses_in(served.engine.take_sent(peer))) {
      statuses.push_back(status_of(response));
    }
  }
  return statuses;
}

std::vector<uring::Peer> connected(Served& served, std::uint64_t count) {
  std::vector<uring::Peer> peers;
  while (peers.size() < count) peers.push_back(served.connect());
  return peers;
}

std::vector<int> answered_then_shed(std::size_t answered, std::size_t shed) {
  std::vector<int> statuses(answered, 200);
  statuses.resize(answered + shed, 503);
  return statuses;
}

TEST(Shed, LIM_032_handlers_queued_max) {
  ServerConfig config;
  const std::uint64_t n = config.handlers_queued_max = 3;
  for (const std::uint64_t count : {n - 1, n, n + 1}) {
    Served served(config);
    const auto peers = connected(served, count);
    const std::uint64_t shed = count > n ? count - n : 0;
    EXPECT_EQ(statuses_of(served, peers), answered_then_shed(count - shed, shed));
    EXPECT_EQ(served.seen.calls, count - shed);
    EXPECT_EQ(served.count(Reason::shed_handler_queue), shed);
    // The queue is empty again, and every connection goes on.
    for (const uring::Peer peer : peers) {
      EXPECT_EQ(statuses_of(served, {peer}), answered_then_shed(1, 0));
    }
  }
}

TEST(Shed, LIM_033_PRC_040_handlers_running_max) {
  ServerConfig config;
  const std::uint64_t n = config.handlers_running_max = 3;
  for (const std::uint64_t count : {n - 1, n, n + 1}) {
    Served served(config);
    const auto peers = connected(served, count);
    const std::uint64_t shed = count > n ? count - n : 0;
    const std::string later = "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(statuses_of(served, peers, later), answered_then_shed(0, shed));
    EXPECT_EQ(served.seen.calls, count - shed);
    EXPECT_EQ(served.count(Reason::shed_handlers_running), shed);
    // Whoever comes now is turned away too, and served as soon as one handler is through.
    const uring::Peer late = served.connect();
    const bool full = count >= n;
    EXPECT_EQ(statuses_of(served, {late}), answered_then_shed(full ? 0 : 1, full ? 1 : 0));
    answer_later(served.seen.suspended.at(0), "done");
    EXPECT_EQ(statuses_of(served, {late}), answered_then_shed(1, 0));
    for (const Suspended& suspended : served.seen.suspended) {
      if (suspended.handle.get() != nullptr) answer_later(suspended, "done");
    }
    served.run();
    for (const uring::Peer peer : peers) {
      EXPECT_EQ(statuses_of(served, {peer}).back(), 200);
    }
  }
}

TEST(Shed, LIM_033_a_handler_keeps_its_place_when_its_client_has_left) {
  ServerConfig config;
  config.handlers_running_max = 2;
  config.request_timeout_ms = 1000;
  for (const bool resets : {true, false}) {
    Served served(config);
    const std::string later = "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const uring::Peer peer : connected(served, 2)) {
      served.send(peer, later);
      served.seen.suspended.back().outlives = true;
      if (resets) served.engine.reset(peer);
    }
    served.pass_ms(resets ? 100 : 2000);
    const uring::Peer late = served.connect();
    EXPECT_EQ(statuses_of(served, {late}), answered_then_shed(0, 1));
    served.pass_ms(2000);  // the time limit alone frees no place
    EXPECT_EQ(statuses_of(served, {late}), answered_then_shed(0, 1));
    served.seen.suspended[0].orphan.reset();
    EXPECT_EQ(statuses_of(served, {late}), answered_then_shed(1, 0));
  }
}

TEST(Shed, LIM_032_what_runs_no_handler_does_not_wait_for_one) {
  ServerConfig config;
  config.handlers_queued_max = 2;
  Served served(config);
  const auto peers = connected(served, 4);
  served.engine.deliver(peers[0], "GET / HT");
  served.engine.deliver(peers[1], "GET / HT");
  EXPECT_EQ(statuses_of(served, {peers[2], peers[3]}), answered_then_shed(2, 0));
}

TEST(Shed, RSP_026_shed_requests_are_told_when_to_come_back) {
  ServerConfig config;
  config.handlers_queued_max = 1;
  for (const ErrorShape shape : {ErrorShape::detail, ErrorShape::problem}) {
    Served served(config, shape);
    const auto peers = connected(served, 2);
    for (const uring::Peer peer : peers) served.engine.deliver(peer, hello_request);
    served.run();
    const std::string answer = served.engine.take_sent(peers[1]);
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find("\r\nRetry-After: 1\r\n"), answer.npos);
    EXPECT_NE(answer.find("\r\nCache-Control: no-store\r\n"), answer.npos);
    EXPECT_EQ(answer.find("\r\nConnection: close\r\n"), answer.npos);
    EXPECT_NE(body_of(answer).find("\"reason\":\"handler_queue\""), answer.npos);
  }
}

TEST(Shed, a_body_of_a_shed_request_is_drained_and_the_next_request_is_answered) {
  ServerConfig config;
  config.handlers_queued_max = 1;
  Served served(config);
  const auto peers = connected(served, 2);
  served.engine.deliver(peers[0], hello_request);
  served.engine.deliver(peers[1], slow_head + std::string(10, 'x'));
  served.run();
  EXPECT_EQ(status_of(served.engine.take_sent(peers[1])), 503);
  const std::string rest(10000 - 10, 'x');
  EXPECT_EQ(status_of(served.send(peers[1], rest + hello_request)), 200);
  EXPECT_TRUE(served.seen.bodies.empty());
}

// Two uploads that hold what they sent, and somebody who asks for little.
struct Uploads {
  explicit Uploads(const ServerConfig& config) : served(config) {
    for (const uring::Peer peer : peers) {
      served.send(peer, slow_head);
      EXPECT_EQ(served.send(peer, std::string(9990, 'x')), "");
    }
  }
  bool answers() { return status_of(served.send(asking, hello_request)) == 200; }
  void end(uring::Peer peer) { EXPECT_EQ(status_of(served.send(peer, std::string(10, 'x'))), 200); }

  Served served;
  const std::vector<uring::Peer> peers = connected(served, 2);
  const uring::Peer asking = served.connect();
};

TEST(Shed, PRC_044_above_the_high_mark_new_requests_are_shed) {
  for (const std::uint64_t high :
       {2 * upload_bytes - 1, 2 * upload_bytes, 2 * upload_bytes + 1}) {  // n - 1, n, n + 1
    Uploads uploads({.buffered_bytes_high = high});
    const bool short_of_memory = high < 2 * upload_bytes;
    EXPECT_EQ(uploads.answers(), !short_of_memory);
    EXPECT_EQ(uploads.served.count(Reason::shed_memory), short_of_memory ? 1u : 0u);
    // What was begun before is finished.
    uploads.end(uploads.peers[0]);
    uploads.end(uploads.peers[1]);
    EXPECT_TRUE(uploads.answers());
  }
}

TEST(Shed, PRC_044_they_are_answered_again_at_the_low_mark) {
  for (const std::uint64_t low : {upload_bytes - 1, upload_bytes, upload_bytes + 1}) {
    Uploads uploads({.buffered_bytes_high = 2 * upload_bytes - 1, .buffered_bytes_low = low});
    EXPECT_FALSE(uploads.answers());
    uploads.end(uploads.peers[0]);
    EXPECT_EQ(uploads.answers(), low >= upload_bytes);
    uploads.end(uploads.peers[1]);
    EXPECT_TRUE(uploads.answers());
  }
}

TEST(Shed, PRC_044_without_a_low_mark_three_quarters_of_the_high_one_do) {
  for (const std::uint64_t high :
       {upload_bytes / 3 * 4 - 4, upload_bytes / 3 * 4 + 8, 2 * upload_bytes - 1}) {
    Uploads uploads({.buffered_bytes_high = high});
    EXPECT_FALSE(uploads.answers());
    uploads.end(uploads.peers[0]);
    EXPECT_EQ(uploads.answers(), high / 4 * 3 >= upload_bytes);
    uploads.end(uploads.peers[1]);
  }
}

TEST(Shed, PRC_044_answers_that_nobody_takes_count) {
  Served served({.buffered_bytes_high = 100'000});
  const uring::Peer slow = served.connect();
  served.engine.set_window(slow, 0);
  served.send(slow, "GET /big/200000 HTTP/1.1\r\nHost: a\r\n\r\n");
  const uring::Peer asking = served.connect();
  EXPECT_EQ(status_of(served.send(asking, hello_request)), 503);
  served.engine.hang_up(slow);
  served.run();
  EXPECT_EQ(status_of(served.send(asking, hello_request)), 200);
}

}  // namespace
}  // namespace pelton::http

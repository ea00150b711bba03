// How a file leaves that is larger than what goes with its head.
#include "http/serve/files/file_sender.hpp"

#include <filesystem>

#include "static_served.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t large = 3'000'000;

TEST(FileSender, STA_017_a_file_goes_from_the_cache_to_the_socket) {
  StaticServed served;
  const std::string octets = octets_of(large);
  served.folder.write("a", octets);
  const std::string answer = served.get("a");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), octets);
  EXPECT_GT(served.engine.calls, 10u);
  EXPECT_EQ(served.count(Reason::fallback_splice), 0u);
}

TEST(FileSender, STA_017_short_sends_and_a_full_socket_change_no_octet) {
  StaticServed served;
  const std::string octets = octets_of(large);
  served.folder.write("a", octets);
  for (int round = 0; round < 50; ++round) {
    served.engine.script.insert(served.engine.script.end(),
                                {1, -EAGAIN, 7, 4096, -EAGAIN, -EAGAIN, -ENOBUFS, -ENOMEM});
  }
  EXPECT_EQ(body_of(served.get("a")), octets);
}

TEST(FileSender, STA_017_without_sendfile_octets_are_copied_from_any_offset) {
  for (const int error : {EOPNOTSUPP, EINVAL, ENOSYS}) {
    for (const std::size_t calls_before : {0, 1, 5}) {
      StaticServed served;
      const std::string octets = octets_of(large);
      served.folder.write("a", octets);
      served.engine.script.assign(calls_before, 12345);
      served.engine.script.push_back(-error);
      EXPECT_EQ(body_of(served.get("a")), octets);
      EXPECT_EQ(served.count(Reason::fallback_splice), 1u);
      EXPECT_EQ(served.engine.calls, calls_before + 1);
    }
  }
}

TEST(FileSender, STA_006_a_disk_that_fails_cuts) {
  StaticServed served;
  served.folder.write("a", octets_of(large));
  served.engine.script.push_back(-EIO);
  const uring::Peer peer = served.connect();
  served.send(peer, "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(served.engine.server_reset(peer));
  EXPECT_EQ(served.count(Reason::fault_static_truncated), 1u);
  EXPECT_EQ(FileSender::live(), 0u);
}

TEST(FileSender, STA_006_a_file_that_shrinks_cuts_and_one_that_grows_does_not) {
  for (const bool copies : {false, true}) {
    for (const bool grows : {false, true}) {
      StaticServed served;
      served.engine.sends_files = !copies;
      const std::string octets = octets_of(large);
      const auto path = served.folder.write("a", octets);
      const uring::Peer peer = served.connect();
      served.engine.set_window(peer, 100'000);
      std::string received = served.send(peer, "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n");
      EXPECT_LT(received.size(), 200'000u);
      std::filesystem::resize_file(path, grows ? 2 * large : large / 2);
      for (int round = 0; round < 100; ++round) {
        served.run();
        received += served.engine.take_sent(peer);
      }
      EXPECT_EQ(served.engine.server_reset(peer), !grows);
      EXPECT_EQ(served.count(Reason::fault_static_truncated), grows ? 0u : 1u);
      if (grows) {
        EXPECT_EQ(body_of(received), octets);
      }
      served.engine.hang_up(peer);
    }
  }
}

TEST(FileSender, STA_006_what_is_replaced_meanwhile_is_sent_as_it_was) {
  StaticServed served;
  const std::string octets = octets_of(large);
  const auto path = served.folder.write("a", octets);
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 100'000);
  std::string received = served.send(peer, "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n");
  std::filesystem::rename(served.folder.write("b", "other"), path);
  for (int round = 0; round < 100; ++round) {
    served.run();
    received += served.engine.take_sent(peer);
  }
  EXPECT_EQ(body_of(received), octets);
}

TEST(FileSender, H1_080_answers_keep_their_order) {
  StaticServed served;
  const std::string octets = octets_of(large);
  served.folder.write("a", octets);
  served.folder.write("b", "small");
  const std::string both = served.send(served.connect(),
                                       "GET /f/a HTTP/1.1\r\nHost: a\r\n\r\n"
                                       "GET /f/b HTTP/1.1\r\nHost: a\r\n\r\n"
                                       "HEAD /f/a HTTP/1.1\r\nHost: a\r\n\r\n"
                                       "GET /f/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::size_t second = both.find("HTTP/1.1 200", 100);
  EXPECT_EQ(body_of(both.substr(0, second)), octets);
  EXPECT_TRUE(both.ends_with(octets));
  EXPECT_EQ(std::ranges::count(both, '\0'), 0);
}

}  // namespace
}  // namespace pelton::http

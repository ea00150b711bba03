// A server on the memory engine with a folder below /f, and an engine that sends files as told.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "folder.hpp"
#include "http/routing/router.hpp"
#include "http/serve/files/file_sender.hpp"
#include "http/serve/files/static_mount.hpp"
#include "http/serve/server.hpp"
#include "tests/http/serve/served.hpp"
#include "uring/loop.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::http {

class FileEngine final : public uring::MemoryEngine {
 public:
  // What the next calls do: an errno below 0, else at most so many octets. Then all that fit.
  std::deque<std::int64_t> script;
  bool sends_files = true;
  std::size_t calls = 0;

  std::int32_t send_at_once(uring::Descriptor socket, std::span<const char> octets) override {
    return send_now(socket, octets);
  }
  std::int64_t send_file_at_once(uring::Descriptor socket, uring::Descriptor file,
                                 std::uint64_t offset, std::size_t bytes) override {
    ++calls;
    if (!sends_files) return -EOPNOTSUPP;
    if (!script.empty()) {
      const std::int64_t next = script.front();
      script.pop_front();
      if (next < 0) return next;
      bytes = std::min(bytes, static_cast<std::size_t>(next));
    }
    std::vector<char> octets(bytes);
    const ssize_t read = ::pread(file, octets.data(), bytes, static_cast<off_t>(offset));
    if (read <= 0) return read < 0 ? -errno : 0;
    return send_now(socket, std::span(octets).first(static_cast<std::size_t>(read)));
  }
};

inline Mount static_mount(const StaticMount& mount) {
  return {"/f", RouteSettings{.handler = mount.handler(), .path = "/f"}};
}

class StaticServed {
 public:
  explicit StaticServed(StaticOptions options = {}, const ServerConfig& config = {})
      : mount(make(folder, std::move(options))),
        routes(Router().freeze({.mounts = {static_mount(*mount)}})),
        server(
            {.engine = engine, .clock = clock, .routes = routes, .config = config, .stats = stats}),
        loop(engine, clock, server),
        listener(engine.listen()) {
    clock.set_wall_seconds(4'000'000'000);
    server.listen(listener);
    run();
  }
  StaticServed(const StaticServed&) = delete;
  ~StaticServed() {
    server.stop();
    for (int second = 0; second < 100 && !server.finished(); ++second) pass_ms(1000);
    EXPECT_TRUE(server.finished());
    EXPECT_EQ(engine.operations_in_flight(), 0u);
    EXPECT_EQ(FileSender::live(), 0u);
  }

  uring::Peer connect() {
    const uring::Peer peer = engine.connect(listener);
    run();
    return peer;
  }
  std::string send(uring::Peer peer, std::string_view octets) {
    engine.deliver(peer, octets);
    run();
    return engine.take_sent(peer);
  }
  std::string get(std::string_view path, std::string_view fields = "",
                  std::string_view method = "GET") {
    const uring::Peer peer = connect();
    std::string octets =
        std::string(method) + " /f/" + std::string(path) + " HTTP/1.1\r\nHost: a\r\n";
    std::string answer = send(peer, octets + std::string(fields) + "\r\n");
    engine.hang_up(peer);
    run();
    return answer;
  }
  void run() {
    for (int idle = 0; idle < 2;) idle = loop.turn({}) == 0 ? idle + 1 : 0;
  }
  void pass_ms(std::uint64_t milliseconds) {
    clock.advance_ns(milliseconds * 1'000'000);
    run();
  }
  std::uint64_t count(Reason reason) const { return stats.of(reason); }

  Folder folder;
  std::unique_ptr<StaticMount> mount;
  Stats stats;
  VirtualClock clock;
  FileEngine engine;
  RouteTable routes;
  Server server;
  uring::Loop loop;
  uring::Descriptor listener;

 private:
  static std::unique_ptr<StaticMount> make(const Folder& folder, StaticOptions options) {
    options.root = folder.text();
    return std::move(*StaticMount::open(options));
  }
};

// Octets that are nowhere alike.
inline std::string octets_of(std::size_t bytes) {
  std::string made;
  for (std::size_t index = 0; made.size() < bytes; ++index) made += std::to_string(index) + ' ';
  made.resize(bytes);
  return made;
}

}  // namespace pelton::http

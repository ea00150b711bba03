// Files under scripted faults: short sends, errnos, lateness, peers that leave at any octet. What
// arrives is a beginning of the right octets, and all of them unless something ended the
// connection.
#include <cmath>
#include <random>

#include "static_served.hpp"
#include "tests/support/scripted_engine.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t peers_per_seed = 12;

struct Files {
  Folder folder;
  std::vector<std::string> octets;
  std::unique_ptr<StaticMount> mount;

  Files() {
    for (const std::size_t bytes : {0, 10, 5000, 40'000, 300'000}) {
      octets.push_back(octets_of(bytes));
      folder.write(std::to_string(octets.size() - 1), octets.back());
    }
    mount = std::move(*StaticMount::open({.root = folder.text()}));
  }
};

void run_seed(const Files& files, const support::Script& script, std::uint64_t seed) {
  VirtualClock clock;
  support::ScriptedEngine engine(script, seed, clock);
  SCOPED_TRACE(engine.story());
  Stats stats;
  const RouteTable routes = Router().freeze({.mounts = {static_mount(*files.mount)}});
  ServerConfig config;
  config.header_timeout_ms = config.rate_grace_ms = config.rate_credit_ms_max = 10'000'000;
  config.graceful_timeout_ms = 2 * config.header_timeout_ms;
  Server server(
      {.engine = engine, .clock = clock, .routes = routes, .config = config, .stats = stats});
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);

  std::mt19937_64 random(seed);
  std::vector<std::vector<std::size_t>> asked(peers_per_seed);
  for (auto& files_asked : asked) {
    std::string octets;
    for (std::size_t count = 1 + random() % 3; count != 0; --count) {
      files_asked.push_back(random() % files.octets.size());
      octets += "GET /f/" + std::to_string(files_asked.back()) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }
    engine.play(listener, octets,
                random() % 2 == 0 ? support::Ending::half_closes : support::Ending::waits);
  }
  constexpr std::size_t turns_max = 400'000;
  std::size_t turns = 0;
  for (bool stopped = false; !(server.finished() && engine.operations_in_flight() == 0); ++turns) {
    ASSERT_LT(turns, turns_max) << "connections live: " << server.connections_live();
    if (!stopped && engine.quiet()) {
      server.stop();
      stopped = true;
    }
    loop.turn({});
  }
  ASSERT_EQ(FileSender::live(), 0u);
  ASSERT_EQ(engine.buffers().leases_out(), 0u);
  for (std::size_t peer = 0; peer < peers_per_seed; ++peer) {
    const support::PeerRecord& record = engine.record(peer);
    std::string_view rest = record.received;
    std::size_t answered = 0;
    while (answered < asked[peer].size() && rest.starts_with("HTTP/1.1 200 OK\r\n")) {
      const std::size_t end = rest.find("\r\n\r\n");
      if (end == std::string_view::npos) break;
      const std::string& octets = files.octets[asked[peer][answered]];
      const std::string_view body = rest.substr(end + 4, octets.size());
      ASSERT_TRUE(octets.starts_with(body)) << "peer " << peer;
      if (body.size() < octets.size()) break;
      rest.remove_prefix(end + 4 + octets.size());
      ++answered;
    }
    const bool excused = record.refused || record.cut || record.lost || record.reset_by_peer ||
                         record.faulted || server.retired();
    if (!excused) {
      ASSERT_EQ(answered, asked[peer].size()) << "peer " << peer;
    }
  }
}

TEST(ScriptedFiles, ENG_061_STA_017_short_sends_and_peers_that_leave) {
  const Files files;
  for (const support::Script& script : {support::clean(), support::rough(), support::hostile()}) {
    for (const std::uint64_t seed : support::seeds(60)) {
      ASSERT_NO_FATAL_FAILURE(run_seed(files, script, seed));
    }
  }
}

TEST(ScriptedFiles, ENG_015_STA_017_every_errno_of_a_send) {
  const Files files;
  for (const std::uint64_t seed : support::seeds(200)) {
    support::SeededRandom random(seed);
    support::Script script;
    script.name = "errnos of sends";
    script.send_short = 0.3;
    const int error = 1 + static_cast<int>(seed % 130);
    if (error == EBADF || error == EFAULT) continue;
    script.faults.push_back(
        {uring::Operation::send, error, std::pow(10.0, -1 - 2 * random.fraction())});
    ASSERT_NO_FATAL_FAILURE(run_seed(files, script, seed));
  }
}

}  // namespace
}  // namespace pelton::http

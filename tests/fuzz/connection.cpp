// Whole connections through the scripted engine: the input decides what peers say and what goes
// wrong. Every connection ends, nothing is left over, the cost is bounded by the octets that moved,
// and who was neither cut nor lost gets the octets of a day on which nothing went wrong (SEG-001).
#include <cerrno>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "tests/http/serve/relay.hpp"
#include "tests/support/scripted_engine.hpp"

namespace {

using namespace pelton;
using namespace pelton::http;

constexpr std::size_t peers_max = 4;
// No input of 10 KiB costs more turns than this; a loop that waits for nothing does.
constexpr std::size_t turns_max = 100'000;
constexpr std::size_t input_bytes_max = 10 * 1024;
// And none costs more than so many for each octet that moves, beside timers that look in.
constexpr std::size_t turns_for_timers = 1000;
constexpr std::size_t turns_per_octet_max = 4;
// No octet of a request is this one but in field values and bodies, where it may be missing.
constexpr char peer_separator = '\xFF';

// octet 0: how the day goes; octets 1 and 2: length of the tape; the tape; what the peers say.
struct Input {
  bool patient = false;
  bool peers_half_close = false;
  bool small_limits = false;
  bool many_buffers = false;
  bool backs_up = false;
  bool owns_memory = false;
  std::span<const std::uint8_t> tape;
  std::vector<std::string> peers;
};

Input parse(std::span<const std::uint8_t> octets) {
  Input input;
  if (octets.size() < 3) return input;
  input.patient = (octets[0] & 1) != 0;
  input.peers_half_close = (octets[0] & 2) != 0;
  input.small_limits = (octets[0] & 4) != 0;
  input.many_buffers = (octets[0] & 8) != 0;
  input.backs_up = (octets[0] & 16) != 0;
  input.owns_memory = (octets[0] & 32) != 0;
  const std::size_t wished = octets[1] | std::size_t{octets[2]} << 8;
  octets = octets.subspan(3);
  input.tape = octets.first(std::min(wished, octets.size()));
  octets = octets.subspan(input.tape.size());
  std::string_view rest(reinterpret_cast<const char*>(octets.data()), octets.size());
  while (input.peers.size() < peers_max) {
    const std::size_t end = rest.find(peer_separator);
    input.peers.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return input;
}

support::Script eventful(const Input& input) {
  using uring::Operation;
  support::Script script = support::hostile();
  if (input.many_buffers) {
    script.receive_buffer_count = 16;
    script.receive_buffer_bytes = 512;
  }
  // Each at least an octet's worth, or no tape would ever ask for it.
  for (support::Fault& fault : script.faults) fault.probability = 3.0 / 256;
  for (const auto& [operation, error] : {std::pair{Operation::receive, EAGAIN},
                                         {Operation::receive, ENOMEM},
                                         {Operation::receive, EXDEV},
                                         {Operation::send, ECANCELED},
                                         {Operation::send, ENOMEM},
                                         {Operation::send, ENOBUFS},
                                         {Operation::send, EXDEV},
                                         {Operation::accept, EMFILE},
                                         {Operation::accept, EPROTO},
                                         {Operation::accept, ENOMEM}}) {
    script.faults.push_back({operation, error, 3.0 / 256});
  }
  return script;
}

Outcome answer(Exchange& exchange, std::string_view body) {
  static const ContentType plain("text/plain");
  return exchange.respond({.content_type = &plain}, body) == HeadFault::none ? Outcome::responded
                                                                             : Outcome::failed;
}

Outcome hello(void*, Exchange& exchange) {
  return answer(exchange, "hello");
}

Outcome echo(void*, Exchange& exchange) {
  return answer(exchange, exchange.body());
}

Outcome fail(void*, Exchange&) {
  return Outcome::failed;
}

Outcome close(void*, Exchange& exchange) {
  const FieldView field{"Connection", "close"};
  CHECK(exchange.respond({.fields = {&field, 1}}, "bye") == HeadFault::none);
  return Outcome::responded;
}

RouteTable make_routes() {
  Router router;
  const auto add = [&](std::vector<std::string_view> methods, std::string_view pattern,
                       Handler::Call call) -> RouteSettings& {
    const auto route = router.add(methods, pattern);
    CHECK(route.has_value());
    router.settings(*route).handler = {call, nullptr};
    return router.settings(*route);
  };
  add({"GET"}, "/", hello);
  add({"GET", "POST", "PUT"}, "/e", echo);
  add({"POST"}, "/s", echo).body_bytes_max = 8;
  add({"POST"}, "/j", echo).wants_json = true;
  add({"GET"}, "/n/{name}", hello);
  add({"GET"}, "/f", fail);
  add({"GET"}, "/c", close);
  add({"POST"}, "/r/{how}", relay).streams_body = true;
  return router.freeze({});
}

ServerConfig config_of(const Input& input) {
  ServerConfig config;
  if (input.small_limits) {
    config.request_line_bytes_max = 64;
    config.header_line_bytes_max = 48;
    config.header_section_bytes_max = 160;
    config.header_count_max = 6;
    config.body_bytes_max = 64;
    config.drain_body_bytes_max = 16;
    config.requests_per_connection_max = 4;
    config.connections_max = 2;
    config.send_queue_bytes_high = 1024;
    config.send_queue_bytes_low = 256;
  }
  if (input.backs_up) {
    config.send_queue_bytes_high = 300;
    config.send_queue_bytes_low = 50;
    config.connection_queue_bytes_max = 600;
  }
  if (input.owns_memory) config.receive_credit_bytes = 40;
  if (input.patient) {
    config.header_timeout_ms = config.rate_grace_ms = config.rate_credit_ms_max = 10'000'000;
    config.drain_body_timeout_ms = config.keep_alive_timeout_ms = 10'000'000;
    config.linger_timeout_ms = config.linger_idle_ms = 10'000'000;
    config.connections_max = no_limit;
    config.graceful_timeout_ms = 2 * config.header_timeout_ms;
  }
  return config;
}

struct Day {
  std::vector<support::PeerRecord> records;
  bool cut_any = false;
  std::uint64_t expect_unanswered = 0;
};

Day live_through(const Input& input, support::Script script, std::span<const std::uint8_t> tape) {
  static const RouteTable routes = make_routes();
  const ServerConfig config = config_of(input);
  VirtualClock clock;
  Stats stats;
  support::ScriptedEngine engine(std::move(script), tape, clock);
  Server server(
      {.engine = engine, .clock = clock, .routes = routes, .config = config, .stats = stats});
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);
  std::size_t octets_moved = tape.size();
  for (const std::string& said : input.peers) {
    octets_moved += said.size();
    engine.play(listener, said,
                input.peers_half_close ? support::Ending::half_closes : support::Ending::waits);
  }

  std::size_t turns = 0;
  bool stopped = false;
  while (!(server.finished() && engine.operations_in_flight() == 0)) {
    if (!stopped && engine.quiet()) {
      server.stop();
      stopped = true;
    }
    loop.turn({});
    ++turns;
    CHECK(turns <= turns_max);
  }
  CHECK(server.connections_live() == 0);
  CHECK(engine.buffers().leases_out() == 0);

  Day day;
  for (std::size_t peer = 0; peer < input.peers.size(); ++peer) {
    day.records.push_back(engine.record(peer));
    octets_moved += day.records.back().received.size();
  }
  CHECK(turns <= turns_for_timers + turns_per_octet_max * octets_moved);
  for (const Reason reason : {Reason::cut_engine_memory, Reason::cut_engine_unknown,
                              Reason::cut_send_too_slow, Reason::cut_drain_deadline}) {
    day.cut_any = day.cut_any || stats.of(reason) > 0;
  }
  day.expect_unanswered = stats.of(Reason::closed_expect_unanswered);
  return day;
}

void erase_all(std::string& octets, std::string_view start, std::size_t bytes) {
  for (std::size_t at = 0; (at = octets.find(start, at)) != std::string::npos;) {
    octets.erase(at, bytes);
  }
}

// Days differ in their dates, and a 100 is only for a body that is not there yet (H1-071).
std::string without_the_day(std::string octets) {
  constexpr std::string_view date = "\r\nDate: ";
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  erase_all(octets, date, date.size() + 29);
  erase_all(octets, go_on, go_on.size());
  return octets;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  const Input input = parse({data, std::min(bytes, input_bytes_max)});
  const Day hard = live_through(input, eventful(input), input.tape);
  if (!input.patient || hard.cut_any) return 0;
  const Day clean = live_through(input, support::clean(), {});
  // Whether the body that a 100 was asked for had come all the same: the day's affair (H1-072).
  if (hard.expect_unanswered != clean.expect_unanswered) return 0;
  for (std::size_t peer = 0; peer < input.peers.size(); ++peer) {
    const support::PeerRecord& record = hard.records[peer];
    if (record.refused || record.cut || record.lost || record.reset_by_peer) continue;
    // Where a body that is handed on is cut into chunks is the day's affair (SEG-005).
    if (record.received.find("Transfer-Encoding: chunked") != std::string::npos) continue;
    CHECK(without_the_day(record.received) == without_the_day(clean.records[peer].received));
  }
  return 0;
}

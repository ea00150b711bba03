#include "http/serve/event_log.hpp"

#include "logged.hpp"

namespace pelton::http {
namespace {

TEST(EventLog, one_line_a_second_for_each_reason) {
  Stats stats;
  VirtualClock clock;
  clock.set_wall_seconds(1'795'272'403);
  Logged logged(stats, clock);
  EventLog& events = logged.logs().events;
  FixedEnds peer;
  for (int index = 0; index < 5; ++index) events.report(Reason::refused_header_name, &peer);
  events.report(Reason::shed_accept, nullptr);
  clock.advance_ns(999'000'000);
  events.report(Reason::refused_header_name, &peer);
  clock.advance_ns(1'000'000);
  events.report(Reason::refused_header_name, &peer);
  EXPECT_EQ(
      logged.errors(),
      "2026-11-21T14:46:43Z info pelton: refused.header_name, client 192.0.2.7 port 4242\n"
      "2026-11-21T14:46:43Z warning pelton: shed.accept\n"
      "2026-11-21T14:46:43Z info pelton: refused.header_name, client 192.0.2.7 port 4242, and "
      "5 more since the last such line\n");
}

TEST(EventLog, a_peer_without_an_address_is_not_named) {
  Stats stats;
  VirtualClock clock;
  Logged logged(stats, clock);
  FixedEnds peer;
  peer.ends = {};
  logged.logs().events.report(Reason::cut_send_too_slow, &peer);
  EXPECT_EQ(logged.errors(), "1970-01-01T00:00:00Z warning pelton: cut.send_too_slow\n");
}

TEST(EventLog, H1_097_a_text_of_several_lines_is_one_record) {
  Stats stats;
  VirtualClock clock;
  Logged logged(stats, clock);
  logged.logs().events.say(LogLevel::error, "pelton.error",
                           "first\n2026 forged\x1b[2J \xc3\xa9\x7f");
  EXPECT_EQ(
      logged.errors(),
      "1970-01-01T00:00:00Z error pelton.error: first\n  2026 forged\\x1b[2J \xc3\xa9\\x7f\n");
}

TEST(EventLog, a_text_is_cut_where_it_is_too_long) {
  constexpr std::size_t n = EventLog::text_bytes_max;
  const std::size_t around = std::string_view("1970-01-01T00:00:00Z error a: \n").size();
  for (const std::size_t bytes : {n - 1, n, n + 1}) {
    Stats stats;
    VirtualClock clock;
    Logged logged(stats, clock, 1 << 18);
    logged.logs().events.say(LogLevel::error, "a", std::string(bytes, 'x'));
    EXPECT_EQ(logged.errors().size(), around + (bytes <= n ? bytes : n + 4));
  }
}

TEST(EventLog, what_is_below_the_level_is_not_written) {
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error, LogLevel::critical}) {
    Stats stats;
    VirtualClock clock;
    Logged logged(stats, clock, 1 << 16, {.level = level});
    EventLog& events = logged.logs().events;
    events.report(Reason::refused_header_name, nullptr);
    events.report(Reason::shed_accept, nullptr);
    events.say(LogLevel::error, "a", "b");
    const std::string said = logged.errors();
    EXPECT_EQ(said.contains(" info pelton: refused"), level <= LogLevel::info);
    EXPECT_EQ(said.contains(" warning pelton: shed"), level <= LogLevel::warning);
    EXPECT_EQ(said.contains(" error a: b"), level <= LogLevel::error);
  }
}

TEST(EventLog, a_terminal_gets_levels_in_colours) {
  Stats stats;
  VirtualClock clock;
  Logged logged(stats, clock, 1 << 16, {.is_painted = true});
  EventLog& events = logged.logs().events;
  events.report(Reason::refused_header_name, nullptr);
  events.report(Reason::shed_accept, nullptr);
  events.say(LogLevel::error, "a", "b");
  const std::string time = "\x1b[2m1970-01-01T00:00:00Z\x1b[0m ";
  EXPECT_EQ(logged.errors(), time + "\x1b[32minfo\x1b[0m pelton: refused.header_name\n" + time +
                                 "\x1b[33mwarning\x1b[0m pelton: shed.accept\n" + time +
                                 "\x1b[31merror\x1b[0m a: b\n");
}

}  // namespace
}  // namespace pelton::http

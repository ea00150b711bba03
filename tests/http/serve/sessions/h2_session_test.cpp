// HTTP/2 connections: how they begin, what they may cost, and how they end.
#include "http/serve/sessions/h2_session.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/http/h2/spoken.hpp"

namespace pelton::http {
namespace {

using h2::ErrorCode;
using h2::FrameType;
using support::frame;
using support::request;
using support::reset;

constexpr std::uint64_t tick_ms = TimerWheel::tick_ms;

TEST(H2Session, H2_002_settings_have_to_follow_in_time) {
  ServerConfig config;
  config.header_timeout_ms = 3000;
  Unspoken one(config);
  one.served.send(one.peer, h2::preface);
  one.served.pass_ms(3000 - 1);
  EXPECT_FALSE(one.served.engine.closed(one.peer));
  one.served.pass_ms(1 + tick_ms);
  EXPECT_TRUE(one.served.engine.closed(one.peer));
  EXPECT_EQ(one.served.count(Reason::cut_h2_preface), 1u);
}

TEST(H2Session, H2_020_LIM_101_h2_streams_max) {
  ServerConfig config;
  const std::uint32_t n = 3;
  config.h2_streams_max = n;
  Unspoken one(config);
  support::FrameReader came;
  const auto say = [&](std::string_view octets) {
    came.receive(one.served.send(one.peer, octets));
  };
  say(support::opening());
  // n - 1, n and n + 1 requests whose handlers have not answered.
  for (std::uint32_t index = 0; index != n + 1; ++index) say(request(1 + 2 * index, "/later/x"));
  for (std::uint32_t index = 0; index != n; ++index) {
    EXPECT_FALSE(came.streams[1 + 2 * index].was_reset);
  }
  EXPECT_EQ(came.streams[1 + 2 * n].code, ErrorCode::refused_stream);
  EXPECT_EQ(one.served.count(Reason::shed_h2_streams), 1u);
  answer_later(one.served.seen.suspended[0], "done");
  say({});
  say(request(9, "/"));
  EXPECT_EQ(came.streams[9].status, 200);
  // Once the client has acknowledged the bound, more than that is an error of the connection.
  say(frame(FrameType::settings, 0x1, 0));
  say(request(11, "/later/x") + request(13, "/"));
  EXPECT_EQ(came.goaway_code, ErrorCode::protocol_error);
}

TEST(H2Session, H2_020_a_handler_that_runs_on_after_a_reset_counts_until_it_ends) {
  ServerConfig config;
  config.h2_streams_max = 2;
  Spoken spoken(config);
  spoken.say(request(1, "/later/x") + request(3, "/later/x"));
  for (Suspended& suspended : spoken.served.seen.suspended) suspended.outlives = true;
  spoken.say(reset(1, ErrorCode::cancel) + reset(3, ErrorCode::cancel));
  spoken.say(request(5, "/"));
  EXPECT_EQ(spoken.stream(5).code, ErrorCode::refused_stream);
  EXPECT_EQ(spoken.count(Reason::shed_h2_streams), 1u);
  spoken.served.seen.suspended[0].orphan.reset();
  spoken.say(request(7, "/"));
  EXPECT_EQ(spoken.stream(7).status, 200);
  spoken.served.seen.suspended[1].orphan.reset();
}

TEST(H2Session, LIM_103_h2_continuation_frames_max) {
  ServerConfig config;
  const std::uint64_t n = config.h2_continuation_frames_max = 4;
  const std::string block = support::block(support::request_fields("GET", "/"));
  const auto goes_on = [&](std::uint64_t count) {
    Spoken spoken(config);
    std::string octets = frame(FrameType::headers, 0x1, 1, block.substr(0, 1));
    for (std::uint64_t index = 1; index <= count; ++index) {
      const bool is_last = index == count;
      octets += frame(FrameType::continuation, is_last ? 0x4 : 0, 1,
                      is_last ? block.substr(index) : block.substr(index, 1));
    }
    spoken.say(octets);
    EXPECT_EQ(spoken.count(Reason::cut_h2_continuation), spoken.came.went_away ? 1u : 0u);
    return spoken.stream(1).status == 200;
  };
  EXPECT_TRUE(goes_on(n - 1));
  EXPECT_TRUE(goes_on(n));
  EXPECT_FALSE(goes_on(n + 1));
}

TEST(H2Session, H2_011_a_header_block_has_to_end_in_time) {
  Spoken spoken;
  spoken.say(frame(FrameType::headers, 0x1, 1, "\x82"));
  spoken.pass_ms(9000);
  EXPECT_FALSE(spoken.came.went_away);
  spoken.pass_ms(1000 + tick_ms);
  EXPECT_EQ(spoken.came.goaway_code, ErrorCode::enhance_your_calm);
  EXPECT_EQ(spoken.count(Reason::cut_h2_continuation), 1u);
}

TEST(H2Session, H2_021_LIM_104_h2_resets_max) {
  ServerConfig config;
  const std::uint64_t n = config.h2_resets_max = 10;
  const auto goes_on = [&](std::uint64_t count, std::uint64_t pause_ms = 0) {
    Spoken spoken(config);
    for (std::uint32_t index = 0; index != count; ++index) {
      spoken.say(request(1 + 2 * index, "/later/x") + reset(1 + 2 * index, ErrorCode::cancel));
      if (index == count / 2 && pause_ms != 0) spoken.pass_ms(pause_ms);
    }
    EXPECT_EQ(spoken.count(Reason::cut_h2_resets), spoken.came.went_away ? 1u : 0u);
    return !spoken.came.went_away;
  };
  EXPECT_TRUE(goes_on(n - 1));
  EXPECT_TRUE(goes_on(n));
  EXPECT_FALSE(goes_on(n + 1));
  EXPECT_TRUE(goes_on(n + 1, 30'000));
}

TEST(H2Session, what_comes_behind_the_fault_that_ends_a_connection_is_passed_over) {
  Unspoken one;
  support::FrameReader came;
  came.receive(one.served.send(one.peer, support::opening()));
  const std::string fault = frame(FrameType::ping, 0, 0, "short");
  const std::vector<std::size_t> pieces(2, fault.size());
  came.receive(one.served.send_in_pieces(one.peer, fault + fault, pieces));
  came.receive(one.served.send(one.peer, fault));
  EXPECT_EQ(came.goaway_code, ErrorCode::frame_size_error);
}

TEST(H2Session, H2_021_resets_that_a_client_provokes_count_too) {
  ServerConfig config;
  config.h2_resets_max = 10;
  Spoken spoken(config);
  for (std::uint32_t index = 0; index != 11; ++index) {
    spoken.say(request(1 + 2 * index, "/", "GET", {{"te", "gzip"}}));
  }
  EXPECT_EQ(spoken.came.goaway_code, ErrorCode::enhance_your_calm);
  EXPECT_EQ(spoken.count(Reason::cut_h2_resets), 1u);
}

TEST(H2Session, H2_032_LIM_105_h2_idle_frames_max) {
  const std::vector<std::string> idle = {
      frame(FrameType::ping, 0, 0, "12345678"),
      frame(FrameType::settings, 0, 0),
      frame(FrameType::priority, 0, 1, std::string("\0\0\0\3\1", 5)),
      frame(FrameType(0xEE), 0, 0, "unknown"),
      support::data(1, "", false),
      support::window_update(0, 1),
      support::data(1, "tiny", false),
  };
  for (const std::string& one : idle) {
    ServerConfig config;
    const std::uint64_t n = config.h2_idle_frames_max = 40;
    const auto goes_on = [&](std::uint64_t count) {
      Spoken spoken(config);
      spoken.say(request(1, "/echo", "POST", {}, false));
      const std::uint64_t before = 1;  // the first SETTINGS
      for (std::uint64_t index = before; index != count; ++index) spoken.say(one);
      spoken.say(one.substr(0, 0));
      EXPECT_EQ(spoken.count(Reason::cut_h2_flood),
                spoken.came.goaway_code == ErrorCode::enhance_your_calm ? 1u : 0u);
      return spoken.came.goaway_code == ErrorCode::no_error;
    };
    EXPECT_TRUE(goes_on(n - 1)) << testing::PrintToString(one);
    EXPECT_TRUE(goes_on(n));
    EXPECT_FALSE(goes_on(n + 2));  // n + 1, and one that shows it
  }
}

TEST(H2Session, H2_032_frames_of_a_flood_that_arrive_together) {
  ServerConfig config;
  config.h2_idle_frames_max = 40;
  Spoken spoken(config);
  std::string flood;
  for (int index = 0; index < 5000; ++index) flood += frame(FrameType::ping, 0, 0, "12345678");
  const std::vector<std::size_t> pieces(flood.size() / 1000, 1000);
  spoken.came.receive(spoken.served.send_in_pieces(spoken.peer, flood, pieces));
  EXPECT_EQ(spoken.came.goaway_code, ErrorCode::enhance_your_calm);
  EXPECT_EQ(spoken.count(Reason::cut_h2_flood), 1u);
}

TEST(H2Session, H2_032_a_large_frame_in_many_pieces_is_no_flood) {
  ServerConfig config;
  config.h2_idle_frames_max = 40;
  Spoken spoken(config);
  spoken.say(request(1, "/echo", "POST", {}, false));
  const std::string octets = support::data(1, std::string(3000, 'x'));
  for (std::size_t at = 0; at < octets.size(); at += 7) spoken.say(octets.substr(at, 7));
  EXPECT_EQ(spoken.stream(1).body.size(), 3000u);
}

TEST(H2Session, H2_032_at_three_quarters_of_the_budget_the_client_is_warned) {
  ServerConfig config;
  config.h2_idle_frames_max = 40;
  Spoken spoken(config);
  for (int index = 0; index < 30; ++index) spoken.say(frame(FrameType::ping, 0, 0, "12345678"));
  EXPECT_TRUE(spoken.came.went_away);
  EXPECT_EQ(spoken.came.goaway_code, ErrorCode::no_error);
}

TEST(H2Session, LIM_106_h2_control_queue_max) {
  ServerConfig config;
  const std::uint64_t n = config.h2_control_queue_max = 5;
  const auto goes_on = [&](std::uint64_t count) {
    Spoken spoken(config);
    std::string octets;
    for (std::uint64_t index = 0; index != count; ++index) {
      octets += frame(FrameType::ping, 0, 0, "12345678");
    }
    spoken.say(octets);
    return spoken.came.goaway_code == ErrorCode::no_error;
  };
  EXPECT_TRUE(goes_on(n - 1));
  EXPECT_TRUE(goes_on(n));
  EXPECT_FALSE(goes_on(n + 1));
}

TEST(H2Session, LIM_107_h2_stream_window_bytes_and_h2_connection_window_bytes) {
  for (const bool of_stream : {true, false}) {
    ServerConfig config;
    const std::uint64_t n = 70000;
    (of_stream ? config.h2_stream_window_bytes : config.h2_connection_window_bytes) = n;
    const auto goes_on = [&](std::uint64_t bytes) {
      Spoken spoken(config);
      spoken.say(request(1, "/stream/x", "POST", {}, false));
      for (std::uint64_t left = bytes; left != 0;) {
        const std::uint64_t piece = std::min<std::uint64_t>(left, 16384);
        spoken.say(support::data(1, std::string(piece, 'x'), false));
        left -= piece;
      }
      const bool is_whole = !spoken.stream(1).was_reset && !spoken.came.went_away;
      if (!is_whole && of_stream) {
        EXPECT_EQ(spoken.stream(1).code, ErrorCode::flow_control_error);
      }
      return is_whole;
    };
    EXPECT_TRUE(goes_on(n - 1));
    EXPECT_TRUE(goes_on(n));
    EXPECT_FALSE(goes_on(n + 1)) << of_stream;
  }
}

TEST(H2Session, H2_003_H2_006_errors_of_the_connection) {
  const std::vector<std::pair<std::string, ErrorCode>> wrong = {
      {frame(FrameType::data, 0, 0, "x"), ErrorCode::protocol_error},
      {frame(FrameType::headers, 0x5, 2, support::block(support::request_fields("GET", "/"))),
       ErrorCode::protocol_error},
      {frame(FrameType::ping, 0, 0, "short"), ErrorCode::frame_size_error},
      {frame(FrameType::headers, 0x5, 1, "\xFF\xFF\xFF\xFF\xFF"), ErrorCode::compression_error},
      {frame(FrameType::continuation, 0x4, 1), ErrorCode::protocol_error},
      {support::window_update(0, 0x7FFF'FFFF), ErrorCode::flow_control_error},
      {frame(FrameType::push_promise, 0x4, 1, std::string(4, '\2')), ErrorCode::protocol_error},
      {frame(FrameType::priority, 0, 0, std::string(5, '\0')), ErrorCode::protocol_error},
      {frame(FrameType::rst_stream, 0, 9, std::string(4, '\0')), ErrorCode::protocol_error},
  };
  for (const auto& [octets, code] : wrong) {
    Spoken spoken;
    spoken.say(octets);
    EXPECT_TRUE(spoken.came.went_away) << testing::PrintToString(octets);
    EXPECT_EQ(spoken.came.goaway_code, code) << testing::PrintToString(octets);
    EXPECT_TRUE(spoken.closed());
    const Reason reason =
        code == ErrorCode::compression_error ? Reason::cut_h2_compression : Reason::cut_h2_protocol;
    EXPECT_EQ(spoken.count(reason), 1u);
  }
}

TEST(H2Session, an_idle_connection_ends_after_its_time) {
  ServerConfig config;
  config.keep_alive_timeout_ms = 10'000;
  Spoken spoken(config);
  spoken.say(request(1, "/"));
  spoken.pass_ms(10'000 - 1);
  EXPECT_FALSE(spoken.came.went_away);
  spoken.pass_ms(1 + tick_ms);
  EXPECT_TRUE(spoken.came.went_away);
  EXPECT_EQ(spoken.came.goaway_last, 1u);
  EXPECT_EQ(spoken.count(Reason::closed_keep_alive), 1u);
  EXPECT_TRUE(spoken.closed());
}

TEST(H2Session, H2_040_a_stop_answers_what_has_begun) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  spoken.served.server.stop();
  spoken.say({});
  EXPECT_TRUE(spoken.came.went_away);
  EXPECT_EQ(spoken.came.goaway_last, 0x7FFF'FFFFu);
  // On its way when the notice came.
  spoken.say(request(3, "/"));
  EXPECT_EQ(spoken.stream(3).status, 200);
  spoken.say(frame(FrameType::ping, 0x1, 0, std::string(8, '\0')));
  EXPECT_EQ(spoken.came.goaway_last, 3u);
  spoken.say(request(5, "/"));
  EXPECT_EQ(spoken.stream(5).status, 0);
  EXPECT_FALSE(spoken.closed());
  answer_later(spoken.served.seen.suspended[0], "done");
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).body, "done");
  EXPECT_TRUE(spoken.closed());
}

TEST(H2Session, H2_040_without_an_answer_to_the_notice_a_second_is_enough) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  spoken.served.server.stop();
  spoken.say({});
  spoken.pass_ms(1000 + tick_ms);
  EXPECT_EQ(spoken.came.goaway_last, 1u);
  answer_later(spoken.served.seen.suspended[0], "done");
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).body, "done");
}

TEST(H2Session, LIM_013_the_last_request_of_a_connection) {
  ServerConfig config;
  config.requests_per_connection_max = 2;
  Spoken spoken(config);
  spoken.say(request(1, "/"));
  EXPECT_FALSE(spoken.came.went_away);
  spoken.say(request(3, "/"));
  EXPECT_EQ(spoken.stream(3).status, 200);
  EXPECT_TRUE(spoken.came.went_away);
  EXPECT_EQ(spoken.count(Reason::closed_request_count), 1u);
}

TEST(H2Session, a_client_that_leaves) {
  Spoken spoken;
  spoken.say(request(1, "/later/x") + request(3, "/stream/x", "POST", {}, false));
  spoken.served.engine.hang_up(spoken.peer);
  spoken.served.run();
  ASSERT_EQ(spoken.served.seen.suspended.size(), 2u);
  // An answer may still reach it, but no more of a body will come.
  EXPECT_EQ(spoken.served.seen.suspended[0].events,
            std::vector<ExchangeEvent>{ExchangeEvent::peer_finished});
  EXPECT_EQ(spoken.served.seen.suspended[1].events,
            std::vector<ExchangeEvent>{ExchangeEvent::body_refused});
  answer_later(spoken.served.seen.suspended[0], "done");
}

TEST(H2Session, SEG_001_however_octets_are_cut_the_answers_are_the_same) {
  const std::string octets =
      support::opening() + request(1, "/") + request(3, "/echo", "POST", {}, false) +
      support::data(3, "body") + frame(FrameType::ping, 0, 0, "12345678") +
      request(5, "/nowhere", "GET", {{"cookie", "a=b"}}) + request(7, "/big/3000");
  for (const std::size_t piece_bytes : {1, 2, 3, 7, 9, 10, 64}) {
    Unspoken one;
    support::FrameReader came;
    for (std::size_t at = 0; at < octets.size(); at += piece_bytes) {
      came.receive(one.served.send(one.peer, std::string_view(octets).substr(at, piece_bytes)));
    }
    EXPECT_EQ(came.streams[1].body, "hello");
    EXPECT_EQ(came.streams[3].body, "body");
    EXPECT_EQ(came.streams[5].status, 404);
    EXPECT_EQ(came.streams[7].body.size(), 3000u);
    EXPECT_EQ(came.pongs, 1u);
  }
}

TEST(H2Session, many_requests_at_once_are_served_in_slices) {
  Spoken spoken;
  std::string octets;
  for (std::uint32_t index = 0; index != 100; ++index) octets += request(1 + 2 * index, "/");
  spoken.say(octets);
  for (int turn = 0; turn < 10; ++turn) spoken.say({});
  for (std::uint32_t index = 0; index != 100; ++index) {
    EXPECT_EQ(spoken.stream(1 + 2 * index).status, 200) << index;
  }
}

}  // namespace
}  // namespace pelton::http

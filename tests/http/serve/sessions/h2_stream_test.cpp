// Requests of HTTP/2 and their bodies, frame by frame.
#include "http/serve/sessions/h2_stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/http/h2/spoken.hpp"

namespace pelton::http {
namespace {

using h2::ErrorCode;
using h2::FrameType;
using support::data;
using support::FieldList;
using support::headers;
using support::request;
using support::request_fields;

constexpr std::size_t frame_bytes_max = 16384;  // RFC 9113 section 4.2

// The octets as frames of DATA.
std::string body(std::uint32_t stream, std::string_view octets, bool ends = true) {
  std::string frames;
  do {
    const std::string_view piece = octets.substr(0, frame_bytes_max);
    octets.remove_prefix(piece.size());
    frames += data(stream, piece, ends && octets.empty());
  } while (!octets.empty());
  return frames;
}

TEST(H2Stream, a_request_reaches_its_handler) {
  Spoken spoken;
  spoken.say(request(1, "/name/x"));
  EXPECT_EQ(spoken.stream(1).status, 200);
  EXPECT_EQ(spoken.stream(1).body, "hello");
  EXPECT_TRUE(spoken.stream(1).ended);
  EXPECT_EQ(spoken.served.seen.calls, 1u);
}

TEST(H2Stream, H2_004_what_is_no_request_is_reset_and_no_handler_runs) {
  const std::vector<FieldList> malformed = {
      request_fields("GET", "/", {{"Upper", "x"}}),
      request_fields("GET", "/", {{"a b", "x"}}),
      request_fields("GET", "/", {{"a", "x\r\nb: c"}}),
      request_fields("GET", "/", {{"a", std::string("x\0y", 3)}}),
      request_fields("GET", "/", {{"connection", "close"}}),
      request_fields("GET", "/", {{"keep-alive", "1"}}),
      request_fields("GET", "/", {{"transfer-encoding", "chunked"}}),
      request_fields("GET", "/", {{"upgrade", "h2c"}}),
      request_fields("GET", "/", {{"te", "gzip"}}),
      request_fields("GET", "/", {{"a", "b"}, {":path", "/late"}}),
      request_fields("GET", "/", {{":unknown", "x"}}),
      request_fields("GET", "/", {{":path", "/again"}}),
      request_fields("GET", ""),
      request_fields("GET", "relative"),
      request_fields("GET", "/", {{"host", "elsewhere"}}),
      request_fields("GET", "/", {{"content-length", "1"}}),
      request_fields("GET", "/", {{":status", "200"}}),
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}},
      {{":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
      {{":method", "GET"}, {":authority", "a"}, {":path", "/"}},
      request_fields("GET", "/ HTTP/1.1\r\na: b"),
      request_fields("G T", "/"),
  };
  for (const FieldList& fields : malformed) {
    Spoken spoken;
    spoken.say(headers(1, fields));
    EXPECT_TRUE(spoken.stream(1).was_reset) << testing::PrintToString(fields);
    EXPECT_EQ(spoken.stream(1).code, ErrorCode::protocol_error);
    EXPECT_EQ(spoken.stream(1).status, 0);
    EXPECT_EQ(spoken.count(Reason::refused_h2_malformed), 1u) << testing::PrintToString(fields);
    EXPECT_EQ(spoken.served.seen.calls, 0u);
    spoken.say(request(3, "/"));
    EXPECT_EQ(spoken.stream(3).status, 200);
  }
}

TEST(H2Stream, H2_004_a_body_of_another_length_than_declared) {
  Spoken spoken;
  spoken.say(request(1, "/echo", "POST", {{"content-length", "3"}}, false) + data(1, "ab"));
  EXPECT_EQ(spoken.stream(1).code, ErrorCode::protocol_error);
  spoken.say(request(3, "/echo", "POST", {{"content-length", "3"}}, false) + data(3, "abcd"));
  EXPECT_EQ(spoken.stream(3).code, ErrorCode::protocol_error);
  EXPECT_EQ(spoken.count(Reason::refused_h2_malformed), 2u);
}

TEST(H2Stream, H2_005_the_rules_of_HTTP_1_hold) {
  std::string long_path(9000, 'x');
  long_path[0] = '/';
  const std::vector<std::pair<FieldList, int>> refused = {
      {request_fields("GET", "/%zz"), 400},
      {request_fields("GET", "/%00"), 400},
      {request_fields("GET", "/\xC3\xA9"), 400},
      {request_fields("GET", long_path), 414},
      {request_fields(std::string(40, 'M'), "/"), 501},
      {request_fields("FETCH", "/"), 501},
      {request_fields("GET", "/", {{"content-type", "a"}, {"content-type", "b"}}), 400},
      {request_fields("GET", "/", {{"a", std::string(9000, 'x')}}), 431},
      {{{":method", "GET"}, {":scheme", "http"}, {":authority", "a b"}, {":path", "/"}}, 0},
      {{{":method", "GET"}, {":scheme", "http"}, {":authority", "a:0"}, {":path", "/"}}, 400},
      {{{":method", "CONNECT"}, {":authority", "a:1"}}, 501},
      {request_fields("OPTIONS", "*"), 204},
      {request_fields("POST", "/echo", {{"expect", "sleep"}}), 417},
  };
  for (const auto& [fields, status] : refused) {
    Spoken spoken;
    spoken.say(headers(1, fields));
    EXPECT_EQ(spoken.stream(1).status, status) << testing::PrintToString(fields);
    spoken.say(request(3, "/"));
    EXPECT_EQ(spoken.stream(3).status, 200);
  }
}

TEST(H2Stream, crumbs_of_cookies_are_joined_and_a_host_may_repeat_the_authority) {
  Spoken spoken;
  spoken.say(request(1, "/later/x", "GET",
                     {{"cookie", "a=1"}, {"x", "y"}, {"host", "A:80"}, {"cookie", "b=2"}}));
  ASSERT_EQ(spoken.served.seen.suspended.size(), 1u);
  const RequestHead& head = spoken.served.seen.suspended[0].handle.get()->request();
  EXPECT_TRUE(head.is_h2);
  FieldList seen;
  for (const Field& field : head.fields) {
    seen.emplace_back(head.text(field.name), head.text(field.value));
  }
  EXPECT_EQ(seen, (FieldList{{"host", "a"}, {"x", "y"}, {"cookie", "a=1; b=2"}}));
  answer_later(spoken.served.seen.suspended[0], "done");
  spoken.pass_ms(1);
  EXPECT_EQ(spoken.stream(1).body, "done");
}

TEST(H2Stream, H2_010_LIM_102_h2_header_list_bytes_max) {
  ServerConfig config;
  config.header_line_bytes_max = config.header_section_bytes_max = 16384;
  const std::uint64_t n = config.h2_header_list_bytes_max = 2000;
  // Names, values and 32 octets for each of the five fields.
  const std::size_t others = 7 + 3 + 7 + 4 + 10 + 1 + 5 + 1 + 1 + 5 * 32;
  const auto status = [&](std::uint64_t bytes) {
    Spoken spoken(config);
    spoken.say(request(1, "/", "GET", {{"x", std::string(bytes - others, 'x')}}));
    EXPECT_FALSE(spoken.came.went_away);
    spoken.say(request(3, "/"));
    EXPECT_EQ(spoken.stream(3).status, 200);
    return spoken.stream(1).status;
  };
  EXPECT_EQ(status(n - 1), 200);
  EXPECT_EQ(status(n), 200);
  EXPECT_EQ(status(n + 1), 431);

  // Beyond four times as much nothing is read any more.
  Spoken spoken(config);
  spoken.say(request(1, "/", "GET", {{"x", std::string(5 * n, 'x')}}));
  EXPECT_EQ(spoken.came.goaway_code, ErrorCode::enhance_your_calm);
  EXPECT_EQ(spoken.count(Reason::cut_h2_flood), 1u);
  EXPECT_TRUE(spoken.closed());
}

TEST(H2Stream, LIM_005_header_count_max_counts_crumbs_too) {
  ServerConfig config;
  const std::uint64_t n = config.header_count_max = 5;
  const auto status = [&](std::uint64_t count) {
    Spoken spoken(config);
    spoken.say(request(1, "/", "GET", FieldList(count, {"cookie", "a=b"})));
    return spoken.stream(1).status;
  };
  EXPECT_EQ(status(n - 1), 200);
  EXPECT_EQ(status(n), 200);
  EXPECT_EQ(status(n + 1), 431);
}

TEST(H2Stream, bodies_in_memory_and_in_files_come_back) {
  ServerConfig config;
  config.body_bytes_max = 8 << 20;
  for (const std::size_t bytes : {0, 1, 20000, 3 << 20}) {
    Spoken spoken(config);
    std::string octets(bytes, 'x');
    for (std::size_t at = 0; at < bytes; at += 97) octets[at] = static_cast<char>('a' + at % 26);
    spoken.say(request(1, "/echo", "POST", {}, false));
    for (std::size_t at = 0; at == 0 || at < bytes; at += 100000) {
      spoken.say(body(1, std::string_view(octets).substr(at, 100000), at + 100000 >= bytes));
    }
    spoken.say(support::window_update(0, 8 << 20) + support::window_update(1, 8 << 20));
    for (int turn = 0; turn < 50; ++turn) spoken.say({});
    EXPECT_EQ(spoken.stream(1).status, 200);
    EXPECT_TRUE(spoken.stream(1).body == octets) << bytes;
    EXPECT_TRUE(spoken.stream(1).ended);
  }
}

TEST(H2Stream, LIM_010_body_bytes_max_with_and_without_a_length) {
  const auto answer = [](std::size_t bytes, bool says_length) {
    Spoken spoken;
    FieldList fields;
    if (says_length) fields = {{"content-length", std::to_string(bytes)}};
    spoken.say(request(1, "/small", "POST", fields, false) +
               data(1, std::string(bytes, 'x'), false) + data(1, ""));
    const int status = spoken.stream(1).status;
    spoken.say(request(3, "/"));
    EXPECT_EQ(spoken.stream(3).status, 200);
    return status;
  };
  for (const bool says_length : {false, true}) {
    EXPECT_EQ(answer(7, says_length), 200);
    EXPECT_EQ(answer(8, says_length), 200);
    EXPECT_EQ(answer(9, says_length), 413);
  }
}

TEST(H2Stream, a_body_that_nobody_reads_is_told_to_stop) {
  Spoken spoken;
  spoken.say(request(1, "/nowhere", "POST", {}, false));
  EXPECT_EQ(spoken.stream(1).status, 404);
  EXPECT_TRUE(spoken.stream(1).was_reset);
  EXPECT_EQ(spoken.stream(1).code, ErrorCode::no_error);
  // What was on its way is passed over.
  spoken.say(data(1, std::string(1000, 'x')) + request(3, "/"));
  EXPECT_FALSE(spoken.came.went_away);
  EXPECT_EQ(spoken.stream(3).status, 200);
}

TEST(H2Stream, CON_004_a_body_that_comes_too_slowly) {
  Spoken spoken;
  spoken.say(request(1, "/echo", "POST", {}, false));
  spoken.say(request(3, "/stream/x", "POST", {}, false));
  spoken.pass_ms(4000);
  EXPECT_EQ(spoken.stream(1).status, 0);
  spoken.pass_ms(2000);
  EXPECT_EQ(spoken.stream(1).status, 408);
  EXPECT_EQ(spoken.stream(3).status, 408);
  EXPECT_EQ(spoken.count(Reason::refused_body_too_slow), 2u);
  ASSERT_EQ(spoken.served.seen.suspended.size(), 1u);
  EXPECT_EQ(spoken.served.seen.suspended[0].events,
            std::vector<ExchangeEvent>{ExchangeEvent::body_refused});
}

TEST(H2Stream, H1_071_a_100_before_the_body) {
  Spoken spoken;
  spoken.say(request(1, "/echo", "POST", {{"expect", "100-continue"}}, false));
  EXPECT_EQ(spoken.stream(1).interim, std::vector<int>{100});
  spoken.say(data(1, "body"));
  EXPECT_EQ(spoken.stream(1).body, "body");
}

TEST(H2Stream, a_streamed_body_is_read_as_its_handler_takes_it) {
  ServerConfig config;
  config.body_bytes_max = 1 << 20;
  Spoken spoken(config);
  spoken.say(request(1, "/stream/x", "POST", {}, false) + data(1, "one", false));
  ASSERT_EQ(spoken.served.seen.suspended.size(), 1u);
  Exchange& exchange = *spoken.served.seen.suspended[0].handle.get();
  EXPECT_EQ(exchange.take_body(), "one");
  EXPECT_EQ(exchange.take_body(), "");
  EXPECT_FALSE(exchange.body_ended());
  const std::size_t updates = spoken.came.counts[FrameType::window_update];
  spoken.say(body(1, std::string(200000, 'x'), false));
  EXPECT_EQ(spoken.came.counts[FrameType::window_update], updates);
  std::size_t taken = 0;
  while (const std::size_t bytes = exchange.take_body().size()) taken += bytes;
  EXPECT_EQ(taken, 200000u);
  spoken.say({});
  EXPECT_GT(spoken.came.counts[FrameType::window_update], updates);
  spoken.say(data(1, ""));
  EXPECT_EQ(exchange.take_body(), "");
  EXPECT_TRUE(exchange.body_ended());
  answer_later(spoken.served.seen.suspended[0], "done");
  spoken.say({});
  EXPECT_EQ(spoken.stream(1).body, "done");
}

TEST(H2Stream, H2_020_a_reset_tells_the_handler) {
  Spoken spoken;
  spoken.say(request(1, "/later/x"));
  spoken.say(support::reset(1, ErrorCode::cancel));
  ASSERT_EQ(spoken.served.seen.suspended.size(), 1u);
  EXPECT_EQ(spoken.served.seen.suspended[0].events,
            std::vector<ExchangeEvent>{ExchangeEvent::peer_lost});
  EXPECT_EQ(spoken.served.seen.suspended[0].handle.get(), nullptr);
}

TEST(H2Stream, CON_005_a_handler_that_takes_too_long) {
  ServerConfig config;
  config.request_timeout_ms = 1000;
  Spoken spoken(config);
  spoken.say(request(1, "/later/x"));
  spoken.pass_ms(1500);
  EXPECT_EQ(spoken.stream(1).status, 504);
  EXPECT_EQ(spoken.count(Reason::fault_request_timeout), 1u);
}

}  // namespace
}  // namespace pelton::http

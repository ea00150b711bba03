// llhttp's strict request fixtures: what it refuses we refuse, what it accepts we accept, or the
// table says why not. The fixtures are third-party data outside the project, under PELTON_SUITES.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "http/h1/chunked_decoder.hpp"
#include "http/h1/head_parser.hpp"

namespace pelton::http {
namespace {

struct Fixture {
  std::string name;  // file: title
  std::string octets;
  int error_code = 0;  // of llhttp, 0 if it accepts
};

// Where we are stricter on purpose: fixture, reason of our refusal, rule.
struct Stricter {
  std::string_view reason;
  std::string_view rule;
};
const std::map<std::string, Stricter> stricter = {
    // `0.0.0.0=5000` is no authority.
    {"sample: curl GET", {"host_invalid", "H1-041"}},
    {"sample: Firefox GET", {"host_invalid", "H1-041"}},
    // HTTP/0.9 is not spoken.
    {"sample: No HTTP version", {"version_malformed", "H1-019"}},
    {"content-length: `Content-Length` with zeroes", {"content_length", "H1-054"}},
    {"content-length: `Content-Length` with follow-up headers", {"content_length", "H1-054"}},
    {"content-length: Tabs in `Content-Length` (surrounding)", {"content_length", "H1-054"}},
    {"method: CONNECT request", {"connect_unsupported", "H1-016"}},
    {"method: CONNECT request with CAPS", {"connect_unsupported", "H1-016"}},
    {"method: CONNECT with body", {"connect_unsupported", "H1-016"}},
    {"uri: Underscore in hostname", {"connect_unsupported", "H1-016"}},
    // An asterisk goes with OPTIONS only.
    {"method: M-SEARCH request", {"target_form", "H1-025"}},
    {"method: SOURCE request with ICE", {"version_malformed", "H1-019"}},
    {"method: OPTIONS request with RTSP", {"version_malformed", "H1-019"}},
    {"method: ANNOUNCE request with RTSP", {"version_malformed", "H1-019"}},
    // Content-Type as a trailer.
    {"transfer-encoding: Trailing headers", {"trailer_forbidden", "H1-068"}},
    // A fragment in the target.
    {"transfer-encoding: POST with `chunked` as last transfer-encoding",
     {"target_octet", "H1-020"}},
    {"transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)",
     {"target_octet", "H1-020"}},
    {"uri: Fragment in URI", {"target_octet", "H1-020"}},
    // Two empty lines between requests.
    {"connection: CRLF between requests, implicit `keep-alive`", {"line_empty", "H1-003"}},
    {"uri: `host:port` and basic auth", {"target_absolute", "H1-023"}},
};

// What llhttp refuses while it reads, and we later: a token that is no known method is answered by
// the server (H1-014), another version is refused at the CR behind it (H1-018), which does not
// come.
const std::set<std::string> later = {
    "invalid: HTTP protocol and ANNOUNCE method",
    "invalid: Invalid method",
    "invalid: Invalid HTTP version",
};

constexpr int error_closed_connection = 5;
constexpr int error_paused_upgrade = 22;

// The notation of the fixtures: a line is ended by CRLF, a backslash at its end joins it with the
// next one, and some octets are escaped.
std::string octets_of(std::string block) {
  if (block.ends_with('\n')) block.pop_back();
  std::string out;
  for (std::size_t at = 0; at < block.size(); ++at) {
    const char octet = block[at];
    if (octet == '\n') {
      out += "\r\n";
    } else if (octet != '\\' || at + 1 == block.size()) {
      out += octet;
    } else {
      const char escape = block[++at];
      switch (escape) {
        case '\n':
          break;
        case 'r':
          out += '\r';
          break;
        case 'n':
          out += '\n';
          break;
        case 't':
          out += '\t';
          break;
        case 'f':
          out += '\f';
          break;
        case 'x':
          out += static_cast<char>(std::stoi(block.substr(at + 1, 2), nullptr, 16));
          at += 2;
          break;
        default:
          out += '\\';
          out += escape;
      }
    }
  }
  return out;
}

int error_of(const std::string& log) {
  static const std::regex error("error code=(\\d+)");
  std::smatch match;
  return std::regex_search(log, match, error) ? std::stoi(match[1]) : 0;
}

// The blocks behind a comment `meta={"type": "request"...}`; lenient and pausing ones are not ours.
std::vector<Fixture> fixtures_of(const std::filesystem::path& file) {
  static const std::regex strict(
      R"(<!-- meta=\{ *"type": *"request" *(, *"noScan": *true *)?\} *-->)");
  std::ifstream in(file);
  std::vector<Fixture> fixtures;
  std::string title;
  std::string block;
  std::string kind;
  bool wanted = false;
  std::string line;
  Fixture fixture;
  while (std::getline(in, line)) {
    if (!kind.empty()) {
      if (line != "```") {
        block += line + '\n';
        continue;
      }
      if (wanted && kind == "http") fixture.octets = octets_of(block);
      if (wanted && kind == "log") {
        fixture.name = file.stem().string() + ": " + title;
        fixture.error_code = error_of(block);
        fixtures.push_back(fixture);
        wanted = false;
      }
      kind.clear();
    } else if (line.starts_with("```")) {
      kind = line.substr(3);
      block.clear();
    } else if (line.starts_with("#")) {
      title = line.substr(line.find_first_not_of("# "));
    } else if (line.starts_with("<!-- meta=")) {
      wanted = std::regex_match(line, strict);
    }
  }
  return fixtures;
}

struct Outcome {
  Reason reason = Reason::none;
  bool closed = false;            // octets behind a last request were left unread (H1-083)
  std::size_t message_begin = 0;  // of the message it ended in
};

Outcome read_body(const HeadParser& parser, std::string_view& rest, const HeadLimits& limits) {
  Outcome outcome;
  const RequestHead& head = parser.head();
  if (head.framing == BodyFraming::length) {
    rest.remove_prefix(std::min<std::uint64_t>(rest.size(), head.content_length));
  }
  if (head.framing == BodyFraming::chunked) {
    const BodyLimits body_limits;
    ChunkedDecoder decoder;
    decoder.begin(limits, body_limits, 1 << 20);
    ChunkedDecoder::Step step;
    do {
      step = decoder.decode(rest);
      rest.remove_prefix(step.consumed_bytes);
    } while (step.state == ChunkedDecoder::State::data);
    if (step.state == ChunkedDecoder::State::rejected) outcome.reason = decoder.reason();
    if (step.state == ChunkedDecoder::State::need_more) rest = {};
  }
  return outcome;
}

// All requests of a fixture, one behind the other.
Outcome read_all(std::string_view octets, bool stop_at_upgrade) {
  const HeadLimits limits;
  std::vector<Field> storage(limits.header_count_max);
  HeadParser parser(limits, storage, scanner_for(CpuFeatures::of_this_machine()));
  std::string_view rest = octets;
  while (true) {
    Outcome outcome;
    outcome.message_begin = octets.size() - rest.size();
    parser.reset();
    const Verdict verdict = parser.parse(rest);
    if (verdict == Verdict::need_more) return outcome;
    if (verdict == Verdict::rejected) {
      outcome.reason = parser.reason();
      return outcome;
    }
    rest.remove_prefix(parser.head().head_bytes);
    if (stop_at_upgrade && parser.head().has_upgrade) return outcome;
    outcome.reason = read_body(parser, rest, limits).reason;
    outcome.closed = !parser.head().keep_alive;
    if (outcome.reason != Reason::none || outcome.closed || rest.empty()) return outcome;
  }
}

// Most fixtures leave out Host. That alone would refuse them (H1-040) and show nothing else, so it
// is added, equal to an absolute target, where it is all that is missed.
Outcome read_with_hosts(std::string octets, bool stop_at_upgrade) {
  while (true) {
    const Outcome outcome = read_all(octets, stop_at_upgrade);
    if (outcome.reason != Reason::refused_host_missing) return outcome;
    std::size_t line = outcome.message_begin;
    if (octets.compare(line, 2, "\r\n") == 0) line += 2;
    const std::size_t end = octets.find("\r\n", line);
    std::string host = "h";
    const std::size_t scheme = octets.find("://", line);
    if (scheme < end) {
      const std::size_t begin = scheme + 3;
      host = octets.substr(begin, octets.find_first_of("/? ", begin) - begin);
    }
    octets.insert(end + 2, "Host: " + host + "\r\n");
  }
}

TEST(Llhttp, strict_requests_are_refused_alike_or_more_strictly) {
  const char* const configured = std::getenv("PELTON_SUITES");
  const std::filesystem::path suites = configured != nullptr ? configured : PELTON_SUITES_DEFAULT;
  const std::filesystem::path folder = suites / "llhttp" / "test" / "request";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "no llhttp fixtures: set PELTON_SUITES to the folder that holds them";
  }
  std::set<std::string> unused;
  for (const auto& [name, row] : stricter) unused.insert(name);
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    for (const Fixture& fixture : fixtures_of(entry.path())) {
      ++count;
      const bool upgrades = fixture.error_code == error_paused_upgrade;
      const Outcome outcome = read_with_hosts(fixture.octets, upgrades);
      const std::string word(reason_row(outcome.reason).word);
      const bool they_refuse = fixture.error_code != 0 && !upgrades;
      if (they_refuse) {
        const bool alike = outcome.reason != Reason::none ||
                           (fixture.error_code == error_closed_connection && outcome.closed);
        EXPECT_EQ(alike, !later.contains(fixture.name))
            << fixture.name << ": llhttp refuses, error " << fixture.error_code;
        continue;
      }
      const auto row = stricter.find(fixture.name);
      if (row == stricter.end()) {
        EXPECT_EQ(word, "none") << fixture.name;
      } else {
        unused.erase(fixture.name);
        EXPECT_EQ(word, row->second.reason) << fixture.name << ", " << row->second.rule;
      }
    }
  }
  EXPECT_GE(count, 90);
  for (const std::string& name : unused) ADD_FAILURE() << "listed, but no such fixture: " << name;
}

}  // namespace
}  // namespace pelton::http

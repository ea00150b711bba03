// Every vector under vectors/head by every scanner in every segmentation (SEG-001 to SEG-004).
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "http/message/method.hpp"
#include "http/message/octets.hpp"
#include "tests/http/h1/feed.hpp"
#include "tests/http/h1/vectors.hpp"

namespace pelton::http::testing_h1 {
namespace {

constexpr std::string_view good_request = "GET /before HTTP/1.1\r\nHost: before\r\n\r\n";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& octet : out) octet = to_lower(octet);
  return out;
}

// What a fact of the vectors may ask for, as text.
std::map<std::string, std::string> facts_of(const HeadResult& result, std::string_view octets) {
  constexpr std::string_view forms[] = {"origin", "absolute", "authority", "asterisk"};
  constexpr std::string_view framings[] = {"none", "length", "chunked"};
  const RequestHead& head = result.head;
  const auto text = [&](Span span) { return std::string(span.in(octets.data())); };
  const std::string method = lower(method_name(head.method));
  std::map<std::string, std::string> facts{
      {"method", method.empty() ? "other" : method},
      {"method_text", text(head.method_text)},
      {"minor", std::to_string(head.version_minor)},
      {"form", std::string(forms[static_cast<int>(head.form)])},
      {"framing", std::string(framings[static_cast<int>(head.framing)])},
      {"length", std::to_string(head.content_length)},
      {"keep", head.keep_alive ? "yes" : "no"},
      {"expect", head.expects_continue ? "yes" : "no"},
      {"upgrade", head.has_upgrade ? "yes" : "no"},
      {"target", text(head.target)},
      {"path", text(head.path)},
      {"query", text(head.query)},
      {"host", text(head.authority)},
      {"fields", std::to_string(result.fields.size())},
  };
  for (std::size_t index = 0; index < result.fields.size(); ++index) {
    const Field& field = result.fields[index];
    facts["name" + std::to_string(index)] = text(field.name);
    facts["value" + std::to_string(index)] = text(field.value);
    facts[text(field.name)] = text(field.value);
  }
  return facts;
}

void expect_outcome(const Vector& vector, const HeadResult& result) {
  EXPECT_EQ(result.consumed_bytes, vector.point);
  switch (vector.outcome) {
    case Vector::Outcome::accepted:
      ASSERT_EQ(result.verdict, Verdict::complete) << reason_row(result.reason).word;
      EXPECT_EQ(result.head.head_bytes, vector.point);
      break;
    case Vector::Outcome::refused:
      ASSERT_EQ(result.verdict, Verdict::rejected);
      EXPECT_EQ(reason_row(result.reason).counter_class, "refused");
      EXPECT_EQ(reason_row(result.reason).word, vector.reason);
      break;
    case Vector::Outcome::unfinished:
      ASSERT_EQ(result.verdict, Verdict::need_more) << reason_row(result.reason).word;
      break;
  }
}

class HeadVectors : public testing::TestWithParam<const Scanner*> {};

TEST_P(HeadVectors, SEG_002_give_one_verdict_however_they_are_cut) {
  std::uint32_t seed = 1;
  for (const Vector& vector : all_vectors("head")) {
    SCOPED_TRACE(vector.where);
    const HeadResult whole = read_head(vector.octets, {}, *GetParam());
    expect_outcome(vector, whole);
    for (const Cuts& cuts : segmentations(vector.octets.size(), vector.point, ++seed)) {
      SCOPED_TRACE(cuts.empty() ? 0 : cuts[0]);
      ASSERT_EQ(read_head(vector.octets, cuts, *GetParam()), whole);
    }
    if (testing::Test::HasFailure()) break;
  }
}

TEST_P(HeadVectors, SEG_002_give_one_verdict_glued_to_good_requests) {
  for (const Vector& vector : all_vectors("head")) {
    SCOPED_TRACE(vector.where);
    const HeadResult alone = read_head(vector.octets, {}, *GetParam());
    const std::string after = std::string(good_request) + vector.octets;
    const HeadResult first = read_head(after, {}, *GetParam());
    ASSERT_EQ(first.verdict, Verdict::complete);
    ASSERT_EQ(first.head.head_bytes, good_request.size());
    EXPECT_EQ(read_head(std::string_view(after).substr(first.head.head_bytes), {}, *GetParam()),
              alone);
    if (vector.outcome == Vector::Outcome::unfinished) continue;
    const std::string before =
        vector.outcome == Vector::Outcome::accepted
            ? vector.octets.substr(0, vector.point) + std::string(good_request)
            : vector.octets + std::string(good_request);
    EXPECT_EQ(read_head(before, {}, *GetParam()), alone);
    if (vector.outcome == Vector::Outcome::accepted) {
      const auto rest = std::string_view(before).substr(vector.point);
      EXPECT_EQ(read_head(rest, {}, *GetParam()).verdict, Verdict::complete);
    }
  }
}

TEST_P(HeadVectors, say_what_an_accepted_head_holds) {
  for (const Vector& vector : all_vectors("head")) {
    SCOPED_TRACE(vector.where);
    if (vector.facts.empty()) continue;
    const HeadResult result = read_head(vector.octets, {}, *GetParam());
    ASSERT_EQ(result.verdict, Verdict::complete);
    auto facts = facts_of(result, vector.octets);
    for (const std::string& fact : vector.facts) {
      const std::size_t equals = fact.find('=');
      const std::string name = fact.substr(0, equals);
      ASSERT_TRUE(facts.contains(name)) << name;
      EXPECT_EQ(facts[name], fact.substr(equals + 1)) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scanners, HeadVectors,
                         testing::ValuesIn(all_scanners().begin(), all_scanners().end()),
                         [](const auto& context) { return std::string(context.param->name); });

// Two inputs or more for every rule, one accepted and one refused where the rule refuses at all.
TEST(Vectors, meet_every_rule_of_the_readers) {
  std::map<std::string, std::set<Vector::Outcome>> outcomes;
  std::map<std::string, int> counts;
  int total = 0;
  for (const std::string_view kind : {"head", "chunked"}) {
    for (const Vector& vector : all_vectors(kind)) {
      outcomes[vector.rule].insert(vector.outcome);
      ++counts[vector.rule];
      ++total;
    }
  }
  EXPECT_GE(total, 500);
  for (const char* rule :
       {"H1-001", "H1-002", "H1-003", "H1-010", "H1-011", "H1-012", "H1-016", "H1-018", "H1-019",
        "H1-020", "H1-021", "H1-022", "H1-023", "H1-024", "H1-025", "H1-031", "H1-032", "H1-033",
        "H1-034", "H1-036", "H1-038", "H1-040", "H1-041", "H1-050", "H1-051", "H1-052", "H1-053",
        "H1-054", "H1-060", "H1-061", "H1-062", "H1-063", "H1-064", "H1-066", "H1-067", "H1-068",
        "H1-070", "H1-076", "H1-090", "H1-091", "H1-092"}) {
    EXPECT_TRUE(outcomes[rule].contains(Vector::Outcome::accepted)) << rule;
    EXPECT_TRUE(outcomes[rule].contains(Vector::Outcome::refused)) << rule;
  }
  for (const char* rule : {"H1-013", "H1-026", "H1-035", "H1-055", "H1-056", "H1-073", "H1-084"}) {
    EXPECT_GE(counts[rule], 2) << rule;
  }
}

}  // namespace
}  // namespace pelton::http::testing_h1

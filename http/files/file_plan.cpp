#include "http/files/file_plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "http/files/http_date.hpp"
#include "http/files/preconditions.hpp"

namespace pelton::http {
namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

void append_number(std::string& text, std::uint64_t number, int base = 10) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  text.append(digits.data(), end.ptr);
}

std::string content_range(const ByteRange& range, std::uint64_t file_bytes) {
  std::string text = "bytes ";
  append_number(text, range.begin);
  text += '-';
  append_number(text, range.end - 1);
  text += '/';
  append_number(text, file_bytes);
  return text;
}

void plan_parts(FilePlan& plan, const std::vector<ByteRange>& ranges, const FileFacts& facts,
                std::string_view content_type, BoundarySeed boundary_seed) {
  std::string boundary = "pelton-";
  append_number(boundary, boundary_seed(), 16);
  plan.content_type = "multipart/byteranges; boundary=" + boundary;
  for (const ByteRange& range : ranges) {
    std::string text = "\r\n--" + boundary + "\r\n";
    if (!content_type.empty()) text.append("Content-Type: ").append(content_type).append("\r\n");
    text += "Content-Range: " + content_range(range, facts.bytes) + "\r\n\r\n";
    plan.parts.push_back({std::move(text), range});
  }
  plan.parts.push_back({"\r\n--" + boundary + "--\r\n", {}});
}

// Puts the requested ranges into the plan; false if the answer is the whole file.
bool plan_ranges(FilePlan& plan, const RequestHead& head, const FileFacts& facts,
                 const FileTerms& terms, const Validators& validators, std::int64_t now_seconds,
                 BoundarySeed boundary_seed) {
  const std::string_view asked = only_field(head, "range");
  if (head.method != Method::get || asked.empty()) return false;
  if (!ranges_apply(head, validators, now_seconds)) return false;
  std::vector<ByteRange> ranges;
  switch (read_byte_ranges(asked, facts.bytes, terms.ranges_max, ranges)) {
    case RangeVerdict::too_many:
      plan.dropped_ranges = true;
      return false;
    case RangeVerdict::whole:
      return false;
    case RangeVerdict::unsatisfiable:
      // No range of an empty file can be satisfied: the file is sent whole.
      if (facts.bytes == 0) return false;
      plan.status = 416;
      plan.content_range = "bytes */";
      append_number(plan.content_range, facts.bytes);
      return true;
    case RangeVerdict::satisfiable:
      break;
  }
  plan.status = 206;
  if (ranges.size() == 1) {
    plan.content_range = content_range(ranges[0], facts.bytes);
    plan.parts.push_back({{}, ranges[0]});
  } else {
    plan_parts(plan, ranges, facts, terms.content_type, boundary_seed);
  }
  return true;
}

}  // namespace

std::string entity_tag_of(const FileFacts& facts, std::string_view suffix) {
  std::string tag = "\"";
  append_number(tag, facts.bytes, 16);
  tag += '-';
  append_number(tag,
                static_cast<std::uint64_t>(facts.modified_seconds) * nanoseconds_per_second +
                    facts.modified_nanoseconds,
                16);
  return tag.append(suffix).append("\"");
}

FilePlan plan_file(const RequestHead& head, const FileFacts& facts, const FileTerms& terms,
                   std::int64_t now_seconds, BoundarySeed boundary_seed) {
  FilePlan plan;
  const std::int64_t modified =
      std::clamp(facts.modified_seconds, std::int64_t{0}, std::max(now_seconds, std::int64_t{0}));
  if (terms.entity_tag) plan.entity_tag = entity_tag_of(facts, terms.tag_suffix);
  if (terms.last_modified) plan.last_modified = http_date(modified);
  bool planned = false;
  if (terms.judged) {
    const Validators validators{.entity_tag = terms.entity_tag ? plan.entity_tag : terms.own_tag,
                                .modified_seconds = modified,
                                .has_date = terms.last_modified};
    switch (judge_preconditions(head, validators, now_seconds)) {
      case Precondition::not_modified:
        plan.status = 304;
        return plan;
      case Precondition::failed:
        plan.status = 412;
        return plan;
      case Precondition::proceed:
        planned = plan_ranges(plan, head, facts, terms, validators, now_seconds, boundary_seed);
    }
  }
  if (!planned) plan.parts.push_back({{}, {0, facts.bytes}});
  for (const FilePart& part : plan.parts) plan.body_bytes += part.text.size() + part.octets.bytes();
  return plan;
}

}  // namespace pelton::http

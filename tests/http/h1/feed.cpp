#include "tests/http/h1/feed.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <tuple>

namespace pelton::http::testing_h1 {
namespace {

// The first `bytes` of the octets, alone in a block of their own.
struct Copy {
  Copy(std::string_view octets, std::size_t begin, std::size_t end)
      : data(new char[end - begin]), bytes(end - begin) {
    std::copy(octets.begin() + static_cast<std::ptrdiff_t>(begin),
              octets.begin() + static_cast<std::ptrdiff_t>(end), data.get());
  }
  std::string_view view() const { return {data.get(), bytes}; }

  std::unique_ptr<char[]> data;
  std::size_t bytes;
};

auto members(const Span& span) {
  return std::tuple(span.begin, span.bytes);
}

auto members(const Field& field) {
  return std::tuple_cat(members(field.name), members(field.value), std::tuple(field.known));
}

auto members(const RequestHead& head) {
  return std::tuple_cat(
      std::tuple(head.method, head.version_minor, head.form, head.framing, head.keep_alive,
                 head.expects_continue, head.has_upgrade, head.content_length, head.head_bytes),
      members(head.method_text), members(head.target), members(head.path), members(head.query),
      members(head.authority));
}

}  // namespace

bool HeadResult::operator==(const HeadResult& other) const {
  const auto same_field = [](const Field& left, const Field& right) {
    return members(left) == members(right);
  };
  return std::tie(verdict, reason, consumed_bytes, started) ==
             std::tie(other.verdict, other.reason, other.consumed_bytes, other.started) &&
         (verdict != Verdict::complete || (members(head) == members(other.head) &&
                                           std::ranges::equal(fields, other.fields, same_field)));
}

HeadResult read_head(std::string_view octets, const Cuts& cuts, const Scanner& scanner,
                     const HeadLimits& limits) {
  std::vector<Field> storage(limits.header_count_max);
  HeadParser parser(limits, storage, scanner);
  HeadResult result;
  for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
    const Copy copy(octets, 0, piece == cuts.size() ? octets.size() : cuts[piece]);
    result.verdict = parser.parse(copy.view());
    result.started = parser.started();
    result.consumed_bytes = parser.consumed_bytes();
    if (result.verdict == Verdict::rejected) result.reason = parser.reason();
    if (result.verdict == Verdict::complete) {
      result.head = parser.head();
      result.fields.assign(result.head.fields.begin(), result.head.fields.end());
      result.head.base = nullptr;
      result.head.fields = {};
    }
    if (result.verdict != Verdict::need_more) break;
  }
  return result;
}

BodyResult read_chunked(std::string_view octets, const Cuts& cuts, const ChunkedLimits& limits) {
  ChunkedDecoder decoder;
  decoder.begin(limits.head, limits.body, limits.body_bytes_max);
  BodyResult result;
  std::size_t begin = 0;
  for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
    const std::size_t end = piece == cuts.size() ? octets.size() : cuts[piece];
    const Copy copy(octets, begin, end);
    std::string_view rest = copy.view();
    do {
      const ChunkedDecoder::Step step = decoder.decode(rest);
      result.state = step.state;
      result.consumed_bytes += step.consumed_bytes;
      result.body += step.data;
      rest.remove_prefix(step.consumed_bytes);
    } while (result.state == ChunkedDecoder::State::data);
    if (result.state == ChunkedDecoder::State::rejected) result.reason = decoder.reason();
    if (result.state != ChunkedDecoder::State::need_more) break;
    begin = end;
  }
  return result;
}

std::span<const Scanner* const> all_scanners() {
  static const std::vector<const Scanner*> scanners = [] {
    std::vector<const Scanner*> found{&portable_scanner()};
#if defined(__x86_64__)
    found.push_back(&sse2_scanner());
    if (CpuFeatures::of_this_machine().avx2) found.push_back(&avx2_scanner());
#endif
    return found;
  }();
  return scanners;
}

std::vector<Cuts> segmentations(std::size_t bytes, std::size_t point, std::uint32_t seed) {
  constexpr std::size_t long_bytes = 1024;
  std::vector<Cuts> all{{}};
  Cuts everywhere;
  for (std::size_t offset = 1; offset < bytes; ++offset) {
    const bool near = offset + 40 > point && offset < point + 40;
    const bool taken = bytes <= long_bytes || near || offset % 509 == 0;
    if (taken) all.push_back({offset});
    if (bytes <= 4 * long_bytes || near) everywhere.push_back(offset);
  }
  all.push_back(everywhere);
  std::minstd_rand random(seed);
  for (int round = 0; round < 3 && bytes > 1; ++round) {
    Cuts cuts;
    for (std::size_t offset = 1; offset < bytes; ++offset) {
      if (random() % (bytes / 5 + 1) == 0) cuts.push_back(offset);
    }
    all.push_back(cuts);
  }
  return all;
}

}  // namespace pelton::http::testing_h1

// Feeds a parser in pieces and tells all that can be seen of the outcome. Every piece is given in a
// buffer of exactly its size and elsewhere than before, so that sanitizers see the smallest
// overrun.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/reason.hpp"
#include "http/h1/chunked_decoder.hpp"
#include "http/h1/head_parser.hpp"

namespace pelton::http::testing_h1 {

struct HeadResult {
  Verdict verdict = Verdict::need_more;
  Reason reason = Reason::none;
  std::uint32_t consumed_bytes = 0;
  bool started = false;
  RequestHead head;           // without base and fields
  std::vector<Field> fields;  // of a complete head

  bool operator==(const HeadResult& other) const;
};

struct BodyResult {
  ChunkedDecoder::State state = ChunkedDecoder::State::need_more;
  Reason reason = Reason::none;
  std::size_t consumed_bytes = 0;
  std::string body;

  bool operator==(const BodyResult& other) const = default;
};

// Offsets at which the octets are cut, ascending.
using Cuts = std::vector<std::size_t>;

HeadResult read_head(std::string_view octets, const Cuts& cuts, const Scanner& scanner,
                     const HeadLimits& limits = {});

struct ChunkedLimits {
  HeadLimits head;
  BodyLimits body;
  std::uint64_t body_bytes_max = 1 << 20;
};

BodyResult read_chunked(std::string_view octets, const Cuts& cuts,
                        const ChunkedLimits& limits = {});

// Every scanner that this machine can run; the portable one comes first.
std::span<const Scanner* const> all_scanners();

// The cuts of SEG-002: none, everywhere, at each offset alone, and three times by chance. Long
// inputs are cut near `point` and at some of the other offsets.
std::vector<Cuts> segmentations(std::size_t bytes, std::size_t point, std::uint32_t seed);

}  // namespace pelton::http::testing_h1

// A resumable decoder of chunked bodies: octets in, views of the data out. Checks every octet of
// chunk lines, data ends and trailers (H1-060 to H1-068), and copies only trailers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/h1/limits.hpp"
#include "http/message/field_rules.hpp"

namespace pelton::http {

class ChunkedDecoder {
 public:
  enum class State : std::uint8_t {
    need_more,  // all octets were consumed
    data,       // `data` is the next of the body; call again with the rest
    complete,   // body and trailers are over; octets not consumed belong to the next request
    rejected,   // the octet after the consumed ones is refused, for reason()
  };
  struct Step {
    State state;
    std::size_t consumed_bytes;
    std::string_view data;
  };

  // Starts a body. The limits must outlive it; the trailer section has the limits of the header
  // section. `trailers` must too: it gets the lines of that section. Null: they are left out.
  void begin(const HeadLimits& head_limits, const BodyLimits& body_limits,
             std::uint64_t body_bytes_max, Output* trailers = nullptr);
  // Drops the body; begin() starts the next one.
  void reset() { place_ = Place::ended; }

  // From begin() to State::complete or State::rejected.
  Step decode(std::string_view in);

  Reason reason() const { return reason_; }
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  enum class Place : std::uint8_t {
    size_begin,  // the first digit
    size,
    size_blank,       // SP or HTAB that must lead to a semicolon
    extension_begin,  // after the semicolon
    extension_name,
    extension_name_blank,
    extension_value_begin,  // after the equals sign
    extension_token,
    extension_quoted,
    extension_quoted_pair,
    extension_value_end,  // after the closing quote
    extension_blank,      // white space that must lead to a semicolon
    line_lf,
    data,
    data_cr,
    data_lf,
    trailer,  // at the first octet of a line
    trailer_name,
    trailer_value,
    trailer_lf,
    section_lf,
    ended,
  };

  Reason take(char octet);
  Reason take_size(char octet);
  Reason take_extension(char octet);
  Reason take_trailer(char octet);
  Reason end_of_line();
  Reason count_overhead(std::uint64_t bytes);

  const HeadLimits* head_limits_ = nullptr;
  const BodyLimits* body_limits_ = nullptr;
  Output* trailers_ = nullptr;
  std::uint64_t body_bytes_max_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t chunk_bytes_ = 0;     // of the size line, then of the rest of the chunk
  std::uint64_t overhead_bytes_ = 0;  // H1-064
  std::uint32_t extension_bytes_ = 0;
  std::uint32_t line_bytes_ = 0;
  std::uint32_t section_bytes_ = 0;
  std::uint32_t line_count_ = 0;
  std::uint32_t name_bytes_ = 0;  // of the trailer line; `name_` holds the first of them
  std::uint8_t digits_ = 0;
  Place place_ = Place::ended;
  Reason reason_ = Reason::none;
  std::array<char, trailer_name_prefix_bytes> name_{};
};

}  // namespace pelton::http

// Parses multipart/form-data (RFC 7578, RFC 2046 section 5.1) into parts, however the octets are
// split, in linear time (protocol 6.2). The content of parts is not stored: octets are returned
// where they lie, except for the beginning of a delimiter, which waits for what follows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/reason.hpp"
#include "http/forms/part_head.hpp"

namespace pelton::http {

struct MultipartLimits {
  std::uint64_t parts_max = 1000;              // LIM-051
  std::uint64_t files_max = 100;               // LIM-051
  std::uint64_t field_bytes_max = 1 << 20;     // LIM-052
  std::uint64_t memory_bytes_max = 2 << 20;    // LIM-053: fields, and the head lines of parts
  std::uint64_t part_headers_max = 8;          // LIM-054
  std::uint64_t part_header_bytes_max = 4096;  // LIM-054: each, without its CRLF
  std::uint64_t slack_bytes_max = 1024;        // LIM-056: before and after the parts
};

class MultipartParser {
 public:
  enum class Event : std::uint8_t {
    need_more,    // everything was consumed
    part_begins,  // part() is its head
    data,         // `octets` of it
    part_ends,
    form_ends,  // the closing delimiter has been read; what follows is an epilogue
    failed,     // for good; `reason` says why
  };

  struct Step {
    Event event = Event::need_more;
    std::size_t consumed_bytes = 0;
    std::string_view octets = {};  // valid until the next read(), while the input is
    Reason reason = Reason::none;
  };

  MultipartParser(std::string_view boundary, const MultipartLimits& limits);

  // Reads up to one event; called until it needs more.
  Step read(std::string_view octets);
  // The body ends here: why it is no form, or Reason::none (FRM-003).
  Reason finish() const;

  // Valid from one part_begins to the next.
  const PartHead& part() const { return head_; }

 private:
  enum class State : std::uint8_t {
    preamble,
    delimiter,       // read, and nothing after it
    delimiter_cr,    // and a CR
    delimiter_dash,  // and a '-'
    head,
    content,
    content_ended,
    epilogue,
    failed,
  };

  // Octets before the next delimiter, as far as they are known to be no part of it.
  struct Search {
    std::string_view octets;
    std::size_t consumed_bytes = 0;
    bool ended = false;  // by a delimiter
  };

  Search search(std::string_view octets);
  Search resume_search(std::string_view octets);
  bool read_preamble(std::string_view& rest);
  bool read_delimiter(std::string_view& rest, Step& step);
  bool read_head(std::string_view& rest, Step& step);
  bool end_head_line(Step& step);
  bool read_content(std::string_view& rest, Step& step);
  bool take_field_octets(Step& step);
  bool add_slack(std::size_t bytes);
  bool fail(Step& step, Reason reason);

  const MultipartLimits limits_;
  const std::uint64_t line_bytes_max_;  // of a head line with its CRLF; does not wrap around
  const std::string delimiter_;         // CRLF, two hyphens, the boundary
  State state_ = State::preamble;
  // How many octets of the delimiter the input so far ends with. A body begins as if after a CRLF.
  std::size_t matched_ = 2;
  std::size_t unsent_ = 2;  // how many of those were never in the input
  Reason reason_ = Reason::none;
  std::string line_;  // of a head, as far as it has arrived
  PartHead head_;
  std::uint64_t part_count_ = 0;
  std::uint64_t file_count_ = 0;
  std::uint64_t field_bytes_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::uint64_t slack_bytes_ = 0;
};

}  // namespace pelton::http

#include "http/forms/multipart_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace pelton::http {

MultipartParser::MultipartParser(std::string_view boundary, const MultipartLimits& limits)
    : limits_(limits),
      line_bytes_max_(std::min(limits.part_header_bytes_max, UINT64_MAX - 2) + 2),
      delimiter_(std::string("\r\n--").append(boundary)) {}

Reason MultipartParser::finish() const {
  if (state_ == State::failed) return reason_;
  return state_ == State::epilogue ? Reason::none : Reason::refused_multipart_syntax;
}

bool MultipartParser::fail(Step& step, Reason reason) {
  state_ = State::failed;
  reason_ = reason;
  step.event = Event::failed;
  step.reason = reason;
  return true;
}

MultipartParser::Step MultipartParser::read(std::string_view octets) {
  Step step;
  std::string_view rest = octets;
  bool has_event = false;
  while (!has_event) {
    switch (state_) {
      case State::preamble:
        if (!read_preamble(rest)) {
          has_event = fail(step, Reason::refused_multipart_slack);
        } else if (rest.empty() && state_ == State::preamble) {
          has_event = true;
        }
        break;
      case State::delimiter:
      case State::delimiter_cr:
      case State::delimiter_dash:
        has_event = read_delimiter(rest, step);
        break;
      case State::head:
        has_event = read_head(rest, step);
        break;
      case State::content:
        has_event = read_content(rest, step);
        break;
      case State::content_ended:
        state_ = State::delimiter;
        step.event = Event::part_ends;
        has_event = true;
        break;
      case State::epilogue: {
        const bool fits = add_slack(rest.size());
        rest = {};
        has_event = fits || fail(step, Reason::refused_multipart_slack);
        break;
      }
      case State::failed:
        has_event = fail(step, reason_);
        break;
    }
  }
  step.consumed_bytes = octets.size() - rest.size();
  return step;
}

bool MultipartParser::add_slack(std::size_t bytes) {
  slack_bytes_ += bytes;
  return slack_bytes_ <= limits_.slack_bytes_max;
}

// --- delimiters ---

// A boundary contains no CR, so inside a delimiter no other delimiter can begin: after a mismatch
// reading resumes at the octet that differed, and no earlier.
MultipartParser::Search MultipartParser::search(std::string_view octets) {
  if (matched_ > 0) return resume_search(octets);
  const char* const end = octets.data() + octets.size();
  const char* from = octets.data();
  while (from != end) {
    const auto* const found =
        static_cast<const char*>(std::memchr(from, '\r', static_cast<std::size_t>(end - from)));
    if (found == nullptr) break;
    const std::size_t bytes = std::min(static_cast<std::size_t>(end - found), delimiter_.size());
    if (bytes > 1 && found[1] != '\n') {  // as after most CRs; needs no call
      from = found + 1;
      continue;
    }
    if (std::memcmp(found, delimiter_.data(), bytes) == 0) {
      const auto in_front = static_cast<std::size_t>(found - octets.data());
      const bool ended = bytes == delimiter_.size();
      matched_ = ended ? 0 : bytes;
      return {octets.substr(0, in_front), in_front + bytes, ended};
    }
    from = found + 1;
  }
  return {octets, octets.size(), false};
}

MultipartParser::Search MultipartParser::resume_search(std::string_view octets) {
  const std::string_view expected = std::string_view(delimiter_).substr(matched_);
  const std::size_t bytes = std::min(octets.size(), expected.size());
  const auto same = static_cast<std::size_t>(
      std::mismatch(octets.begin(), octets.begin() + bytes, expected.begin()).first -
      octets.begin());
  if (same == expected.size()) {
    matched_ = unsent_ = 0;
    return {{}, same, true};
  }
  if (same == octets.size()) {
    matched_ += same;
    return {{}, same, false};
  }
  // Up to here the input equals the delimiter.
  const std::string_view came = std::string_view(delimiter_).substr(0, matched_ + same);
  const Search found{came.substr(unsent_), same, false};
  matched_ = unsent_ = 0;
  return found;
}

// False if the preamble is too long.
bool MultipartParser::read_preamble(std::string_view& rest) {
  while (!rest.empty()) {
    const Search found = search(rest);
    rest.remove_prefix(found.consumed_bytes);
    if (!add_slack(found.octets.size())) return false;
    if (found.ended) {
      state_ = State::delimiter;
      break;
    }
  }
  return true;
}

bool MultipartParser::read_delimiter(std::string_view& rest, Step& step) {
  if (rest.empty()) return true;
  const char octet = rest.front();
  rest.remove_prefix(1);
  if (state_ == State::delimiter && (octet == '\r' || octet == '-')) {
    state_ = octet == '\r' ? State::delimiter_cr : State::delimiter_dash;
    return false;
  }
  if (state_ == State::delimiter_cr && octet == '\n') {
    if (++part_count_ > limits_.parts_max) return fail(step, Reason::refused_multipart_parts);
    head_.clear();
    line_.clear();
    state_ = State::head;
    return false;
  }
  if (state_ == State::delimiter_dash && octet == '-') {
    state_ = State::epilogue;
    step.event = Event::form_ends;
    return true;
  }
  return fail(step, Reason::refused_multipart_syntax);
}

// --- parts ---

bool MultipartParser::read_head(std::string_view& rest, Step& step) {
  if (rest.empty()) return true;
  // A longer line is refused without a look at its end.
  const std::string_view window =
      rest.substr(0, std::min<std::uint64_t>(rest.size(), line_bytes_max_ - line_.size()));
  const auto* const found =
      static_cast<const char*>(std::memchr(window.data(), '\n', window.size()));
  const std::size_t bytes =
      found == nullptr ? window.size() : static_cast<std::size_t>(found - window.data()) + 1;
  line_ += rest.substr(0, bytes);
  rest.remove_prefix(bytes);
  if (found != nullptr) return end_head_line(step);
  const bool may_end = line_.size() + 1 < line_bytes_max_ ||
                       (line_.size() + 1 == line_bytes_max_ && line_.back() == '\r');
  return may_end ? false : fail(step, Reason::refused_multipart_part_headers);
}

bool MultipartParser::end_head_line(Step& step) {
  if (!line_.ends_with("\r\n")) return fail(step, Reason::refused_multipart_part_headers);
  const std::string_view line = std::string_view(line_).substr(0, line_.size() - 2);
  if (!line.empty()) {
    if (head_.field_count() == limits_.part_headers_max) {
      return fail(step, Reason::refused_multipart_part_headers);
    }
    const Reason reason = head_.take_line(line);
    line_.clear();
    return reason == Reason::none ? false : fail(step, reason);
  }
  if (const Reason reason = head_.finish(); reason != Reason::none) return fail(step, reason);
  if (head_.is_file() && ++file_count_ > limits_.files_max) {
    return fail(step, Reason::refused_multipart_parts);
  }
  memory_bytes_ += head_.bytes();
  if (memory_bytes_ > limits_.memory_bytes_max) {
    return fail(step, Reason::refused_multipart_memory);
  }
  field_bytes_ = 0;
  state_ = State::content;
  step.event = Event::part_begins;
  return true;
}

bool MultipartParser::read_content(std::string_view& rest, Step& step) {
  if (rest.empty()) return true;
  const Search found = search(rest);
  rest.remove_prefix(found.consumed_bytes);
  if (found.ended) state_ = State::content_ended;
  if (found.octets.empty()) return false;
  step.event = Event::data;
  step.octets = found.octets;
  return head_.is_file() || take_field_octets(step);
}

// Octets that still fit are returned, so that the same octets come out however the input is split.
bool MultipartParser::take_field_octets(Step& step) {
  const std::uint64_t field_room = limits_.field_bytes_max - field_bytes_;
  const std::uint64_t memory_room = limits_.memory_bytes_max - memory_bytes_;
  const std::uint64_t room = std::min(field_room, memory_room);
  if (step.octets.size() > room) {
    state_ = State::failed;
    reason_ = field_room <= memory_room ? Reason::refused_multipart_field
                                        : Reason::refused_multipart_memory;
    step.octets = step.octets.substr(0, room);
    if (room == 0) return fail(step, reason_);
  }
  field_bytes_ += step.octets.size();
  memory_bytes_ += step.octets.size();
  return true;
}

}  // namespace pelton::http

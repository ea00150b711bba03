#include "feed.hpp"

#include <algorithm>
#include <vector>

#include "core/check.hpp"

namespace pelton::http {
namespace {

class Listener {
 public:
  Listener(std::string_view boundary, const MultipartLimits& limits) : parser_(boundary, limits) {}

  void feed(std::string_view piece) {
    using Event = MultipartParser::Event;
    // Of its own, so that a sanitizer sees who reads past it.
    const std::vector<char> copy(piece.begin(), piece.end());
    std::string_view rest(copy.data(), copy.size());
    while (!failed_) {
      const MultipartParser::Step step = parser_.read(rest);
      rest.remove_prefix(step.consumed_bytes);
      switch (step.event) {
        case Event::need_more:
          CHECK(rest.empty());
          return;
        case Event::part_begins:
          begin_part(parser_.part());
          break;
        case Event::data:
          CHECK(!step.octets.empty());
          heard_ += step.octets;
          break;
        case Event::part_ends:
          heard_ += '|';
          break;
        case Event::form_ends:
          heard_ += '.';
          break;
        case Event::failed:
          failed_ = true;
          heard_ += '!';
          heard_ += reason_row(step.reason).word;
          CHECK(parser_.finish() == step.reason);
          break;
      }
    }
  }

  std::string end() {
    if (!failed_ && parser_.finish() != Reason::none) {
      heard_ += "!!";
      heard_ += reason_row(parser_.finish()).word;
    }
    return std::move(heard_);
  }

 private:
  void begin_part(const PartHead& head) {
    heard_ += "[name=" + head.name();
    if (head.has_filename()) heard_ += " file=" + head.filename();
    if (head.is_file() && !head.has_filename()) heard_ += " file";
    for (std::size_t index = 0; index < head.field_count(); ++index) {
      const auto [name, value] = head.field(index);
      if (name.size() == 19) continue;  // Content-Disposition
      heard_.append(" ").append(name).append("=").append(value);
    }
    heard_ += ']';
  }

  MultipartParser parser_;
  std::string heard_;
  bool failed_ = false;
};

}  // namespace

std::string heard_of(std::string_view boundary, std::string_view body,
                     const MultipartLimits& limits, std::size_t piece_bytes, std::size_t cut) {
  Listener listener(boundary, limits);
  if (cut != 0) {
    listener.feed(body.substr(0, cut));
    body.remove_prefix(cut);
  }
  for (std::size_t at = 0; at < body.size(); at += std::min(piece_bytes, body.size() - at)) {
    listener.feed(body.substr(at, piece_bytes));
  }
  return listener.end();
}

std::string heard_at_every_split(std::string_view boundary, std::string_view body,
                                 const MultipartLimits& limits) {
  const std::string whole = heard_of(boundary, body, limits, body.size() + 1);
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    const std::string split = heard_of(boundary, body, limits, body.size() + 1, cut);
    if (split != whole) return "cut at " + std::to_string(cut) + ": " + split;
  }
  for (const std::size_t piece_bytes : {1, 2, 3, 7}) {
    const std::string pieces = heard_of(boundary, body, limits, piece_bytes);
    if (pieces != whole) return "in pieces of " + std::to_string(piece_bytes) + ": " + pieces;
  }
  return whole;
}

}  // namespace pelton::http

#include "http/forms/urlencoded_parser.hpp"

#include <cstring>

namespace pelton::http {

UrlencodedParser::Step UrlencodedParser::take(std::string_view piece) {
  Step step;
  if (QueryFields(piece).next(step.field)) {
    failed_ = ++field_count_ > fields_max_;
    step.event = failed_ ? Event::failed : Event::field;
    if (failed_) step = {.event = Event::failed, .reason = Reason::answered_form_fields};
  }
  return step;
}

UrlencodedParser::Step UrlencodedParser::read(std::string_view octets) {
  if (handed_out_) piece_.clear();
  handed_out_ = false;
  std::size_t consumed = 0;
  while (!failed_ && consumed < octets.size()) {
    const std::string_view rest = octets.substr(consumed);
    const auto* const found = static_cast<const char*>(std::memchr(rest.data(), '&', rest.size()));
    if (found == nullptr) {
      piece_ += rest;
      return {.consumed_bytes = octets.size()};
    }
    std::string_view piece = rest.substr(0, static_cast<std::size_t>(found - rest.data()));
    consumed += piece.size() + 1;
    if (!piece_.empty()) {
      piece_ += piece;
      piece = piece_;
      handed_out_ = true;
    }
    Step step = take(piece);
    if (step.event == Event::need_more) continue;
    step.consumed_bytes = consumed;
    return step;
  }
  if (failed_) return {.event = Event::failed, .reason = Reason::answered_form_fields};
  return {.consumed_bytes = consumed};
}

UrlencodedParser::Step UrlencodedParser::finish() {
  if (failed_) return {.event = Event::failed, .reason = Reason::answered_form_fields};
  if (handed_out_ || piece_.empty()) return {};
  handed_out_ = true;
  return take(piece_);
}

}  // namespace pelton::http

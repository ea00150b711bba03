#include "http/forms/multipart_index.hpp"

namespace pelton::http {

void MultipartIndex::feed(std::string_view octets) {
  using Event = MultipartParser::Event;
  while (failure_ == Reason::none) {
    const MultipartParser::Step step = parser_.read(octets);
    octets.remove_prefix(step.consumed_bytes);
    read_bytes_ += step.consumed_bytes;
    switch (step.event) {
      case Event::need_more:
        return;
      case Event::part_begins:
        parts_.push_back({.head = parser_.part(), .begin = read_bytes_});
        break;
      case Event::data:
        parts_.back().bytes += step.octets.size();
        break;
      case Event::part_ends:
      case Event::form_ends:
        break;
      case Event::failed:
        failure_ = step.reason;
    }
  }
}

}  // namespace pelton::http

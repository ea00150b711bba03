// Parses application/x-www-form-urlencoded into fields, however the octets are split (FRM-011,
// URL-004). A field that lies whole in the input is not copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/query.hpp"

namespace pelton::http {

class UrlencodedParser {
 public:
  enum class Event : std::uint8_t { need_more, field, failed };

  struct Step {
    Event event = Event::need_more;
    std::size_t consumed_bytes = 0;
    QueryField field = {};  // as sent; valid until the next call, while the input is
    Reason reason = Reason::none;
  };

  explicit UrlencodedParser(std::uint64_t fields_max) : fields_max_(fields_max) {}  // LIM-041

  // Reads up to one event; called until it needs more.
  Step read(std::string_view octets);
  // The body has ended: its last field, or need_more if there is none.
  Step finish();

 private:
  Step take(std::string_view piece);

  const std::uint64_t fields_max_;
  std::uint64_t field_count_ = 0;
  bool failed_ = false;
  bool handed_out_ = false;  // `piece_` is a field that was returned
  std::string piece_;        // the beginning of a field
};

}  // namespace pelton::http

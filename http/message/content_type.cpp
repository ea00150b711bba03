#include "http/message/content_type.hpp"

#include <algorithm>

#include "http/message/field_rules.hpp"

namespace pelton::http {

ContentType::ContentType(std::string_view text)
    : padded_("Content-Type: "), is_field_value_(http::is_field_value(text)) {
  padded_ += text;
  padded_ += "\r\n";
  bytes_ = padded_.size();
  padded_.resize(std::max(bytes_, block_bytes), ' ');
}

}  // namespace pelton::http

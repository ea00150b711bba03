#include "http/message/ready_head.hpp"

#include <algorithm>

#include "http/message/status.hpp"

namespace pelton::http {

ReadyHead::ReadyHead(std::uint16_t status, std::string_view content_type)
    : status_(status), content_type_(content_type) {
  const bool has_body = status != 204 && status != 205 && status != 304;
  is_plain_ = status >= 200 && status <= 599 && has_body && content_type_.is_field_value();
  padded_ = "HTTP/1.1 " + std::to_string(status) + " ";
  padded_ += standard_phrase(status);
  padded_ += "\r\nDate: ";
  date_at_ = padded_.size();
  padded_ += "Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: ";
  padded_ += content_type;
  padded_ += "\r\nContent-Length: ";
  bytes_ = padded_.size();
  const std::size_t blocks = std::max<std::size_t>(2, (bytes_ + block_bytes - 1) / block_bytes);
  padded_.resize(blocks * block_bytes, ' ');
}

}  // namespace pelton::http

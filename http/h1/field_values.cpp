#include "http/h1/field_values.hpp"

#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/folded_text.hpp"

namespace pelton::http {

Reason judge_content_length(std::string_view raw, std::string_view value, std::uint64_t& length) {
  const bool tabbed = raw.find('\t') != std::string_view::npos;
  const bool fits = !tabbed && read_content_length(value, length);
  return fits ? Reason::none : Reason::refused_content_length;
}

Reason judge_transfer_encoding(std::string_view raw, std::string_view value) {
  if (raw.find('\t') != std::string_view::npos) return Reason::refused_transfer_encoding;
  if (folds_to<"chunked">(value)) return Reason::none;
  std::string_view list = value;
  std::string_view coding;
  bool last_is_chunked = false;
  while (next_element(list, coding)) {
    if (last_is_chunked || !is_token(coding)) return Reason::refused_transfer_encoding;
    last_is_chunked = folds_to<"chunked">(coding);
  }
  return last_is_chunked ? Reason::refused_transfer_coding_unknown
                         : Reason::refused_transfer_encoding;
}

void read_connection(std::string_view value, ConnectionOptions& options) {
  // The usual value, if there is any.
  if (folds_to<"keep-alive">(value)) {
    options.keep_alive = true;
    return;
  }
  std::string_view list = value;
  std::string_view option;
  while (next_element(list, option)) {
    if (folds_to<"close">(option)) options.close = true;
    if (folds_to<"keep-alive">(option)) options.keep_alive = true;
  }
}

bool lists_trailers(std::string_view value) {
  std::string_view coding;
  while (next_element(value, coding)) {
    if (folds_to<"trailers">(coding)) return true;
  }
  return false;
}

}  // namespace pelton::http

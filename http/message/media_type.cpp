#include "http/message/media_type.hpp"

#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/folded_text.hpp"

namespace pelton::http {
namespace {

bool is_utf8_charset(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return folds_to<"utf-8">(value) || folds_to<"utf8">(value);
}

}  // namespace

bool is_json_type(std::string_view content_type) {
  std::size_t end = content_type.find(';');
  const std::string_view type = trimmed(content_type.substr(0, end));
  const std::size_t slash = type.find('/');
  if (slash == std::string_view::npos || !is_token(type.substr(0, slash)) ||
      !is_token(type.substr(slash + 1))) {
    return false;
  }
  const bool suffixed = type.size() > slash + 6 && folds_to<"+json">(type.substr(type.size() - 5));
  if (!suffixed && !folds_to<"application/json">(type)) return false;
  while (end != std::string_view::npos) {
    content_type.remove_prefix(end + 1);
    end = content_type.find(';');
    const std::string_view parameter = trimmed(content_type.substr(0, end));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    if (folds_to<"charset">(parameter.substr(0, equals)) &&
        !is_utf8_charset(parameter.substr(equals + 1))) {
      return false;
    }
  }
  return true;
}

}  // namespace pelton::http

#include "http/forms/parameters.hpp"

#include <algorithm>

#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

std::size_t token_bytes(std::string_view text) {
  const auto* const end = std::ranges::find_if_not(text, is_tchar);
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

void Parameters::skip_blanks() {
  while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
}

// Called after the opening quote.
bool Parameters::read_quoted(std::string& value) {
  while (!rest_.empty()) {
    const char octet = rest_.front();
    rest_.remove_prefix(1);
    if (octet == '"') return true;
    const bool escapes =
        octet == '\\' && !rest_.empty() && (rest_.front() == '"' || rest_.front() == '\\');
    value.push_back(escapes ? rest_.front() : octet);
    if (escapes) rest_.remove_prefix(1);
  }
  return false;
}

Parameters::Next Parameters::next(Parameter& parameter) {
  while (true) {
    skip_blanks();
    if (rest_.empty()) return Next::end;
    if (rest_.front() != ';') return Next::malformed;
    rest_.remove_prefix(1);
    skip_blanks();
    if (!rest_.empty() && rest_.front() != ';') break;
  }
  parameter.name = rest_.substr(0, token_bytes(rest_));
  rest_.remove_prefix(parameter.name.size());
  if (parameter.name.empty() || !rest_.starts_with('=')) return Next::malformed;
  rest_.remove_prefix(1);
  parameter.value.clear();
  if (rest_.starts_with('"')) {
    rest_.remove_prefix(1);
    return read_quoted(parameter.value) ? Next::parameter : Next::malformed;
  }
  const std::size_t bytes = token_bytes(rest_);
  if (bytes == 0) return Next::malformed;
  parameter.value = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return Next::parameter;
}

std::string_view in_front_of_parameters(std::string_view text) {
  text = text.substr(0, text.find(';'));
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace pelton::http

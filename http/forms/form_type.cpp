#include "http/forms/form_type.hpp"

#include <algorithm>

#include "http/forms/parameters.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

bool is_boundary_octet(char octet) {
  return octet_is(octet, octet_digit | octet_alpha) ||
         std::string_view("'()+_,-./:=? ").contains(octet);
}

bool is_boundary(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= std::min(bytes_max, boundary_bytes_max) &&
         text.back() != ' ' && std::ranges::all_of(text, is_boundary_octet);
}

}  // namespace

FormType form_type(std::string_view content_type, std::size_t bytes_max) {
  using Kind = FormType::Kind;
  const std::string_view type = in_front_of_parameters(content_type);
  if (is_same_name(type, "application/x-www-form-urlencoded")) return {.kind = Kind::urlencoded};
  if (!is_same_name(type, "multipart/form-data")) return {};
  FormType found{.kind = Kind::bad_boundary};
  std::size_t count = 0;
  Parameter parameter;
  Parameters parameters(content_type.substr(std::min(content_type.find(';'), content_type.size())));
  for (auto next = parameters.next(parameter); next != Parameters::Next::end;
       next = parameters.next(parameter)) {
    if (next == Parameters::Next::malformed) return {.kind = Kind::bad_boundary};
    if (!is_same_name(parameter.name, "boundary")) continue;
    ++count;
    found.boundary = parameter.value;
  }
  if (count != 1 || !is_boundary(found.boundary, bytes_max)) return {.kind = Kind::bad_boundary};
  found.kind = Kind::multipart;
  return found;
}

}  // namespace pelton::http

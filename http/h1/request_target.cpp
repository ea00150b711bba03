#include "http/h1/request_target.hpp"

#include <cstddef>

#include "http/message/authority.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

constexpr std::string_view plain_scheme = "http://";
constexpr std::string_view secure_scheme = "https://";

// `scheme "://"`: an absolute form, though not one that we serve.
bool names_a_scheme(std::string_view target) {
  const std::size_t colon = target.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  if (!octet_is(target[0], octet_alpha)) return false;
  for (const char octet : target.substr(0, colon)) {
    const bool symbol = octet == '+' || octet == '-' || octet == '.';
    if (!symbol && !octet_is(octet, octet_alpha | octet_digit)) return false;
  }
  return true;
}

Reason judge_absolute(RequestHead& head, const char* base) {
  Authority parts;
  if (!read_authority(head.authority.in(base), parts)) {
    return Reason::refused_target_absolute;
  }
  if (head.path.bytes != 0) return Reason::none;
  const std::uint32_t authority_end = head.authority.begin + head.authority.bytes;
  const bool has_query = authority_end != head.target.begin + head.target.bytes;
  if (head.method == Method::options && !has_query) {
    head.form = TargetForm::asterisk;
  } else {
    // An empty path means "/": the span takes the slash before the authority.
    head.path = {head.authority.begin - 1, 1};
  }
  return Reason::none;
}

// Checks a target that begins neither with a slash nor with `http://` or `https://`.
Reason judge_other(RequestHead& head, const char* base) {
  const std::string_view target = head.target.in(base);
  if (target == "*") {
    head.form = TargetForm::asterisk;
    head.path = head.target;
    return head.method == Method::options ? Reason::none : Reason::refused_target_form;
  }
  Authority parts;
  if (head.method == Method::connect && read_authority(target, parts) && parts.port != 0) {
    return Reason::none;
  }
  return names_a_scheme(target) ? Reason::refused_target_absolute : Reason::refused_target_form;
}

}  // namespace

SchemeProgress scheme_progress(std::string_view target) {
  const std::size_t last = target.size() - 1;
  // The fifth octet decides between the two: ':' or 's'.
  const bool secure = last >= 4 && to_lower(target[4]) == 's';
  const std::string_view wanted = secure ? secure_scheme : plain_scheme;
  if (to_lower(target[last]) != wanted[last]) return SchemeProgress::other;
  return last + 1 == wanted.size() ? SchemeProgress::complete : SchemeProgress::on_the_way;
}

Reason judge_target(RequestHead& head, const char* base) {
  Reason reason = Reason::none;
  if (head.form == TargetForm::absolute) reason = judge_absolute(head, base);
  if (head.form == TargetForm::authority) reason = judge_other(head, base);
  if (reason == Reason::none && head.method == Method::connect) {
    reason = Reason::refused_connect_unsupported;
  }
  return reason;
}

}  // namespace pelton::http

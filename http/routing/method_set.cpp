#include "http/routing/method_set.hpp"

#include <algorithm>

#include "http/message/method.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

char upper(char octet) {
  return octet >= 'a' && octet <= 'z' ? static_cast<char>(octet - ('a' - 'A')) : octet;
}

}  // namespace

MethodSet::MethodSet() {
  for (auto method = Method::get; is_common(method);
       method = static_cast<Method>(static_cast<std::uint8_t>(method) + 1)) {
    add(method_name(method));
  }
}

std::optional<std::uint32_t> MethodSet::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      by_name_, name, {},
      [this](std::uint32_t index) -> std::string_view { return names_[index]; });
  if (at == by_name_.end() || names_[*at] != name) return std::nullopt;
  return *at;
}

std::optional<std::uint32_t> MethodSet::add(std::string_view name) {
  if (name.empty() || name.size() > method_bytes_max) return std::nullopt;
  if (!std::ranges::all_of(name, is_tchar)) return std::nullopt;
  std::string upper_name(name);
  std::ranges::transform(upper_name, upper_name.begin(), upper);
  if (const std::optional<std::uint32_t> known = find(upper_name)) return known;
  const Method method = method_of(upper_name);
  if (method == Method::connect || method == Method::trace) return std::nullopt;
  if (names_.size() == methods_max) return std::nullopt;
  const auto index = static_cast<std::uint32_t>(names_.size());
  const auto at = std::ranges::lower_bound(by_name_, upper_name, {},
                                           [this](std::uint32_t other) { return names_[other]; });
  by_name_.insert(at, index);
  names_.push_back(std::move(upper_name));
  return index;
}

void MethodSet::write_allow(MethodBits methods, std::string& out) const {
  out.clear();
  methods &= ~websocket_bit;
  if (methods == 0) return;
  if (methods & bit_of(Method::get)) methods |= bit_of(Method::head);
  methods |= bit_of(Method::options);
  for (const std::uint32_t index : by_name_) {
    if (!(methods >> index & 1)) continue;
    if (!out.empty()) out += ", ";
    out += names_[index];
  }
}

}  // namespace pelton::http

#include "http/message/method.hpp"

#include <array>
#include <cstddef>

namespace pelton::http {
namespace {

constexpr std::array<std::string_view, 11> names = {
    "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "CONNECT", "TRACE",
};
static_assert(static_cast<std::size_t>(Method::trace) + 1 == names.size());

}  // namespace

Method method_of(std::string_view name) {
  for (std::size_t index = 1; index < names.size(); ++index) {
    if (names[index] == name) return static_cast<Method>(index);
  }
  return Method::other;
}

std::string_view method_name(Method method) {
  return names[static_cast<std::size_t>(method)];
}

}  // namespace pelton::http

// The methods that a table knows, one bit each in a 64-bit set: the common ones and others that
// routes name (H1-013).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/request_head.hpp"

namespace pelton::http {

using MethodBits = std::uint64_t;

class MethodSet {
 public:
  static constexpr std::uint32_t methods_max = 63;
  // Stands for the method of a WebSocket route. It has no name, so no request can send it.
  static constexpr std::uint32_t websocket_index = methods_max;
  static constexpr MethodBits websocket_bit = MethodBits{1} << websocket_index;
  static constexpr std::uint32_t index_end = websocket_index + 1;
  static constexpr std::uint32_t method_bytes_max = 32;  // LIM-001: longer ones never get here

  static constexpr std::uint32_t index_of(Method method) {
    return static_cast<std::uint32_t>(method) - 1;
  }
  static constexpr MethodBits bit_of(Method method) { return MethodBits{1} << index_of(method); }
  // A method that every table knows and that a route may have.
  static constexpr bool is_common(Method method) {
    return method >= Method::get && method <= Method::query;
  }

  MethodSet();

  // The index of a method as a client sent it; case counts.
  std::optional<std::uint32_t> find(std::string_view name) const;
  // Adds a method as an application writes it, in upper case, and returns its index. Nothing for
  // CONNECT, TRACE, a name that is no token, and a method too many.
  std::optional<std::uint32_t> add(std::string_view name);
  std::string_view name(std::uint32_t index) const { return names_[index]; }

  // Appends the Allow value of a path whose routes have `methods`: these and the automatic ones,
  // sorted, separated by ", ".
  void write_allow(MethodBits methods, std::string& out) const;

 private:
  std::vector<std::string> names_;      // by index
  std::vector<std::uint32_t> by_name_;  // indexes, sorted by name
};

}  // namespace pelton::http

// The values of a route's parameters, as routing found them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pelton::http {

enum class Converter : std::uint8_t { text, integer, real, uuid, regex, path };

struct PathValue {
  std::string_view text;  // percent-decoded; points into the target, or into the match's scratch
  Converter converter = Converter::text;
  union {
    std::int64_t integer = 0;  // Converter::integer
    double real;               // Converter::real
  };
};

inline constexpr std::size_t path_values_max = 16;

}  // namespace pelton::http

#include "http/json/number_scan.hpp"

#include <charconv>

namespace noria::http::json {

Number convert_real(const char* begin, const char* end, std::int64_t decimal_exponent) {
  Number number;
  number.end = end;
  number.negative = *begin == '-';
  number.kind = NumberKind::real;
  const auto [stop, error] = std::from_chars(begin, end, number.real);
  if (error == std::errc{} && stop == end) return number;
  if (decimal_exponent > 0) {
    number.kind = NumberKind::overflow;
  } else {
    number.real = number.negative ? -0.0 : 0.0;
  }
  return number;
}

}  // namespace noria::http::json

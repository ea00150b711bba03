#include "http/json/number_scan.hpp"

#include <bit>
#include <charconv>

#include "http/json/powers_of_ten.hpp"

namespace noria::http::json {

// The method of D. Lemire, "Number parsing at a gigabyte per second" (2021): one or two 64-bit
// products with the leading bits of the power of ten decide almost every case.
bool nearest_double(std::uint64_t magnitude, int exponent, double& result) {
  constexpr int reading_power_max = 308;
  constexpr int mantissa_bits = 52;
  constexpr int exponent_infinite = 0x7ff;
  if (exponent < power_of_ten_min || exponent > reading_power_max) return false;

  const int leading_zeros = std::countl_zero(magnitude);
  const std::uint64_t w = magnitude << leading_zeros;
  PowerOfTen power = power_of_ten(exponent);
  // The proof wants these reciprocals rounded up; all other rows are truncated.
  if (exponent < 0 && exponent >= -27) power.high += (++power.low == 0);

  __extension__ using uint128 = unsigned __int128;
  const uint128 product = static_cast<uint128>(w) * power.high;
  auto high = static_cast<std::uint64_t>(product >> 64);
  auto low = static_cast<std::uint64_t>(product);
  constexpr std::uint64_t undecided = ~std::uint64_t{0} >> (mantissa_bits + 3);
  if ((high & undecided) == undecided) {
    const auto carry = static_cast<std::uint64_t>((static_cast<uint128>(w) * power.low) >> 64);
    low += carry;
    high += carry > low;
  }
  if (low == ~std::uint64_t{0} && (exponent < -27 || exponent > 55)) return false;

  const int upper_bit = static_cast<int>(high >> 63);
  const int shift = upper_bit + 64 - mantissa_bits - 3;
  std::uint64_t mantissa = high >> shift;
  int binary_exponent =
      floor_log2_of_power_of_ten(exponent) + 63 + upper_bit - leading_zeros + 1023;
  if (binary_exponent <= 0) {
    if (binary_exponent < -62) return false;
    mantissa >>= 1 - binary_exponent;
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    // Rounding may carry a subnormal into the smallest normal: then bit 52 is the exponent's.
    result = std::bit_cast<double>(mantissa);
    return true;
  }
  // Exactly half way between two doubles: only small powers can do that. Round to even.
  if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1 &&
      (mantissa << shift) == high) {
    mantissa &= ~std::uint64_t{1};
  }
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  if (mantissa >= (std::uint64_t{2} << mantissa_bits)) {
    mantissa = std::uint64_t{1} << mantissa_bits;
    ++binary_exponent;
  }
  if (binary_exponent >= exponent_infinite) return false;
  mantissa &= ~(std::uint64_t{1} << mantissa_bits);
  result = std::bit_cast<double>(mantissa |
                                 (static_cast<std::uint64_t>(binary_exponent) << mantissa_bits));
  return true;
}

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

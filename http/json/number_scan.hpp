// One JSON number: checks the grammar of RFC 8259 section 6 and converts in the same pass.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http/json/powers_of_ten.hpp"

namespace noria::http::json {

enum class NumberKind : std::uint8_t {
  integer,      // `magnitude` and `negative`
  big_integer,  // more than 64 bits: the token's digits are for the caller
  real,         // `real`
  malformed,    // `end` is at the octet that does not fit
  overflow,     // a float beyond binary64
};

struct Number {
  NumberKind kind = NumberKind::malformed;
  bool negative = false;
  std::uint64_t magnitude = 0;
  double real = 0;
  const char* end = nullptr;
};

// The slow road for a token known to be well-formed: any number of digits, any exponent.
// `decimal_exponent` is that of the first significant digit and tells overflow from underflow.
Number convert_real(const char* begin, const char* end, std::int64_t decimal_exponent);

namespace number_detail {

inline bool is_digit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

// Little-endian octets only, like every machine noria is built for.
inline std::uint64_t load8(const char* p) {
  std::uint64_t octets;
  std::memcpy(&octets, p, sizeof octets);
  return octets;
}

// The digits that begin `octets` count from the lowest octet; bit 7 of each further one may be set
// or not, which is enough to find where the first run ends.
inline std::uint64_t not_digits(std::uint64_t octets) {
  const std::uint64_t values = octets ^ 0x3030303030303030;
  return ((values + 0x7676767676767676) | values) & 0x8080808080808080;
}

// The number that eight digit values make, the first in the lowest octet.
inline std::uint64_t eight_digits(std::uint64_t octets) {
  octets = octets * 10 + (octets >> 8);
  return (((octets & 0x000000ff000000ff) * 0x000f424000000064) +
          (((octets >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
         32;
}

inline constexpr double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

inline constexpr std::uint64_t powers_of_ten_to_eight[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

// Reads digits into `value` modulo 2^64; the caller counts how many there were. Up to eight at a
// time, without a branch on how many.
inline const char* read_digits(const char* p, const char* readable_end, std::uint64_t& value) {
  while (readable_end - p >= 8) {
    const std::uint64_t octets = load8(p);
    const std::uint64_t stop = not_digits(octets);
    if (stop != 0) [[likely]] {
      const int bits = std::countr_zero(stop) & ~7;  // of the digits
      // The digits move to the end of the word and zeros come before them; in two steps, for a
      // shift by all 64 bits is not defined.
      const std::uint64_t values = (octets ^ 0x3030303030303030) << (56 - bits) << 8;
      value = value * powers_of_ten_to_eight[bits / 8] + eight_digits(values);
      return p + bits / 8;
    }
    value = value * 100000000 + eight_digits(octets ^ 0x3030303030303030);
    p += 8;
  }
  while (is_digit(*p)) value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
  return p;
}

}  // namespace number_detail

// The nearest double of magnitude * 10^exponent; false where 128 bits do not decide it or it does
// not fit. `magnitude` is not 0. The method of D. Lemire, "Number parsing at a gigabyte per second"
// (2021): one or two 64-bit products with the leading bits of the power of ten decide almost every
// case.
inline bool nearest_double(std::uint64_t magnitude, int exponent, double& result) {
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

// The integral part of a number, and what follows it undecided.
struct IntegralPart {
  std::uint64_t magnitude = 0;   // modulo 2^64
  const char* digits = nullptr;  // behind the sign
  const char* end = nullptr;     // behind the digits, or where one is missing or too many
  bool well_formed = false;
  bool negative = false;

  // What follows makes it a float.
  bool is_real() const { return *end == '.' || (*end | 0x20) == 'e'; }
  std::size_t count() const { return static_cast<std::size_t>(end - digits); }
  // Nineteen digits always fit; twenty fit when they begin with 1 and did not wrap.
  bool fits() const {
    return count() < 20 ||
           (count() == 20 && *digits == '1' && magnitude >= 10'000'000'000'000'000'000u);
  }
};

// `begin` is at a minus or a digit. The octet at `readable_end` is readable and not a digit (NUL).
[[gnu::always_inline]] inline IntegralPart scan_integral_part(const char* begin,
                                                              const char* readable_end) {
  using namespace number_detail;
  IntegralPart part;
  const char* p = begin;
  part.negative = *p == '-';
  p += part.negative;
  part.digits = p;
  if (*p >= '1' && *p <= '9') [[likely]] {
    // Most integral parts are short and of one length, which the branches learn.
    constexpr int learnt_digits = 4;
    int count = 0;
    do {
      part.magnitude = part.magnitude * 10 + static_cast<std::uint64_t>(*p++ - '0');
    } while (is_digit(*p) && ++count < learnt_digits);
    if (count == learnt_digits) p = read_digits(p, readable_end, part.magnitude);
    part.well_formed = true;
  } else if (*p == '0') {
    ++p;
    part.well_formed = !is_digit(*p);
  }
  part.end = p;
  return part;
}

// The rest of a number whose integral part is well-formed and is_real().
[[gnu::always_inline]] inline Number scan_real(const IntegralPart& part, const char* readable_end) {
  using namespace number_detail;
  Number number;
  number.negative = part.negative;
  std::uint64_t magnitude = part.magnitude;
  const char* p = part.end;
  std::ptrdiff_t fraction_digits = 0;
  if (*p == '.') {
    const char* const fraction = ++p;
    p = read_digits(p, readable_end, magnitude);
    fraction_digits = p - fraction;
    if (fraction_digits == 0) [[unlikely]] {
      number.end = p;
      return number;
    }
  }
  std::int64_t exponent = 0;
  if ((*p | 0x20) == 'e') {
    ++p;
    const bool down = *p == '-';
    if (down || *p == '+') ++p;
    if (!is_digit(*p)) [[unlikely]] {
      number.end = p;
      return number;
    }
    // Far beyond any double and far from wrapping.
    constexpr std::int64_t exponent_cap = 1'000'000'000'000;
    do {
      if (exponent < exponent_cap) exponent = exponent * 10 + (*p - '0');
      ++p;
    } while (is_digit(*p));
    if (down) exponent = -exponent;
  }
  number.end = p;
  number.kind = NumberKind::real;

  constexpr std::ptrdiff_t certain_digits = 19;  // that 64 bits hold
  std::ptrdiff_t significant = static_cast<std::ptrdiff_t>(part.count()) + fraction_digits;
  if (significant > certain_digits && *part.digits == '0') [[unlikely]] {
    --significant;
    for (const char* zero = part.digits + 2; *zero == '0' && significant > 0; ++zero) --significant;
  }
  const std::int64_t scale = exponent - fraction_digits;
  if (significant > certain_digits || scale < -400 || scale > 400) [[unlikely]] {
    return convert_real(part.digits - part.negative, p, scale + significant);
  }
  // Division and multiplication are exact up to 2^53, but numbers of fifteen to seventeen digits
  // lie on both sides of that: a lower limit keeps the branch foreseeable.
  constexpr std::uint64_t divided_max = std::uint64_t{1} << 40;
  double real = static_cast<double>(static_cast<std::int64_t>(magnitude));
  if (magnitude <= divided_max && scale >= -22 && scale <= 22) {
    real = scale < 0 ? real / exact_powers[-scale] : real * exact_powers[scale];
  } else if (magnitude != 0 && !nearest_double(magnitude, static_cast<int>(scale), real))
      [[unlikely]] {
    return convert_real(part.digits - part.negative, p, scale + significant);
  }
  number.real = number.negative ? -real : real;
  return number;
}

inline Number scan_number(const char* begin, const char* readable_end) {
  const IntegralPart part = scan_integral_part(begin, readable_end);
  if (part.well_formed && part.is_real()) return scan_real(part, readable_end);
  Number number;
  number.negative = part.negative;
  number.magnitude = part.magnitude;
  number.end = part.end;
  number.kind = !part.well_formed ? NumberKind::malformed
                : part.fits()     ? NumberKind::integer
                                  : NumberKind::big_integer;
  return number;
}

}  // namespace noria::http::json

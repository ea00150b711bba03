// Reads one JSON number: checks the grammar of RFC 8259 section 6 and converts in the same pass.
// The number of digits is unpredictable, so the end is found without a branch on it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http/json/powers_of_ten.hpp"
#include "http/json/string_scan.hpp"

namespace pelton::http::json {

enum class NumberKind : std::uint8_t {
  integer,      // `magnitude` and `negative`
  big_integer,  // more than 64 bits: the caller converts the token's digits
  real,         // `real`
  malformed,    // `end` is at the octet that is wrong
  overflow,     // a float beyond binary64
};

struct Number {
  NumberKind kind = NumberKind::malformed;
  bool negative = false;
  std::uint64_t magnitude = 0;
  double real = 0;
  const char* end = nullptr;
};

// Reads any number: `begin` is at a minus or a digit, the octet at `readable_end` is readable and
// not a digit (NUL).
Number scan_number(const char* begin, const char* readable_end);

// How many octets the fast functions below may read after a sign.
inline constexpr std::ptrdiff_t number_window_bytes = 48;

namespace number_detail {

inline constexpr std::uint64_t digit_zeros = 0x3030303030303030;

inline bool is_digit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

// Little-endian only, as are all machines pelton is built for.
inline std::uint64_t load8(const char* p) {
  std::uint64_t octets;
  std::memcpy(&octets, p, sizeof octets);
  return octets;
}

// The number that eight digit values form, the first in the lowest octet.
inline std::uint64_t eight_digits(std::uint64_t octets) {
  octets = octets * 10 + (octets >> 8);
  return (((octets & 0x000000ff000000ff) * 0x000f424000000064) +
          (((octets >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
         32;
}

// The number that the first `count` digits at `p` form, one to eight; reads eight octets.
inline std::uint64_t up_to_eight_digits(const char* p, unsigned count) {
  return eight_digits((load8(p) ^ digit_zeros) << (64 - 8 * count));
}

// The same for one to sixteen digits.
inline std::uint64_t up_to_sixteen_digits(const char* p, unsigned count) {
  if (count <= 8) return up_to_eight_digits(p, count);
  return up_to_eight_digits(p, count - 8) * 100'000'000 +
         eight_digits(load8(p + count - 8) ^ digit_zeros);
}

inline constexpr double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

inline constexpr std::array<std::uint64_t, 17> integer_powers = [] {
  std::array<std::uint64_t, 17> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = 10 * powers[i - 1];
  return powers;
}();

}  // namespace number_detail

// The nearest double of magnitude * 10^exponent; false if 128 bits do not decide it or it does not
// fit. `magnitude` is not 0. The method of D. Lemire, "Number parsing at a gigabyte per second"
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
  // The proof needs these reciprocals rounded up; all other rows are truncated.
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
    // Rounding may carry a subnormal into the smallest normal: then bit 52 belongs to the exponent.
    result = std::bit_cast<double>(mantissa);
    return true;
  }
  // Exactly half way between two doubles, which only small powers allow. Round to even.
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

// The number of digits of an integer of at most fifteen, or 0 if `digits`, after the sign, is
// something else. Reads a block.
template <class Block = ScanBlock>
inline unsigned short_integer_digits(const char* digits) {
  const std::uint32_t others = Block::load(digits).other_than_digits() | (1u << scan_block_bytes);
  const auto count = static_cast<unsigned>(std::countr_zero(others));
  const char next = digits[count];
  const bool other = count == scan_block_bytes || (*digits == '0' && count > 1) || next == '.' ||
                     (next | 0x20) == 'e';
  return other ? 0 : count;
}

inline std::uint64_t short_integer(const char* digits, unsigned count) {
  return number_detail::up_to_sixteen_digits(digits, count);
}

// Reads a float of at most nineteen digits, at most sixteen on either side of the point, as the
// shortest text of every double has: false for anything else. `digits` is after the sign, and
// number_window_bytes are readable there.
template <class Block = ScanBlock>
[[gnu::always_inline]] inline bool scan_usual_real(const char* digits, double& real,
                                                   const char*& end) {
  using namespace number_detail;
  constexpr std::uint64_t none = std::uint64_t{1} << (2 * scan_block_bytes);
  const std::uint64_t others =
      Block::load(digits).other_than_digits() | none |
      (std::uint64_t{Block::load(digits + scan_block_bytes).other_than_digits()}
       << scan_block_bytes);
  const auto integral_digits = static_cast<unsigned>(std::countr_zero(others));
  if (integral_digits - 1 >= 16 || (*digits == '0' && integral_digits != 1)) return false;
  std::uint64_t magnitude = up_to_sixteen_digits(digits, integral_digits);
  const char* p = digits + integral_digits;
  int scale = 0;
  if (*p == '.') [[likely]] {
    const auto stop = static_cast<unsigned>(std::countr_zero((others & (others - 1)) | 2 * none));
    const unsigned fraction_digits = stop - integral_digits - 1;
    if (fraction_digits - 1 >= 16 || integral_digits + fraction_digits > 19) [[unlikely]]
      return false;
    magnitude =
        magnitude * integer_powers[fraction_digits] + up_to_sixteen_digits(p + 1, fraction_digits);
    scale = -static_cast<int>(fraction_digits);
    p = digits + stop;
  } else if ((*p | 0x20) != 'e') {
    return false;
  }
  if ((*p | 0x20) == 'e') {
    const bool down = p[1] == '-';
    p += 1 + (down || p[1] == '+');
    const std::uint64_t octets = load8(p) ^ digit_zeros;
    // Bit 7 of octets that are no digits; after the first such octet the bits mean nothing.
    const std::uint64_t stop = ((octets + 0x7676767676767676) | octets) & 0x0000000080808080;
    if ((stop & 0x80) != 0 || stop == 0) return false;  // none, or four and more
    const int bits = std::countr_zero(stop) & ~7;
    const auto exponent = static_cast<int>(eight_digits(octets << (56 - bits) << 8));
    p += bits / 8;
    scale += down ? -exponent : exponent;
  }
  end = p;
  // Division and multiplication are exact up to 2^53, but numbers of fifteen to seventeen digits
  // lie on both sides of that: a lower limit makes the branch predictable.
  constexpr std::uint64_t divided_max = std::uint64_t{1} << 40;
  if (magnitude <= divided_max && scale >= -22 && scale <= 22) {
    real = static_cast<double>(static_cast<std::int64_t>(magnitude));
    real = scale < 0 ? real / exact_powers[-scale] : real * exact_powers[scale];
    return true;
  }
  return magnitude != 0 && nearest_double(magnitude, scale, real);
}

}  // namespace pelton::http::json

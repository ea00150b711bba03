// One JSON number: checks the grammar of RFC 8259 section 6 and converts in the same pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

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

// The nearest double of magnitude * 10^exponent; false where 128 bits do not decide it or it does
// not fit, which convert_real then settles from the text. `magnitude` is not 0.
bool nearest_double(std::uint64_t magnitude, int exponent, double& result);

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

inline bool are_eight_digits(std::uint64_t octets) {
  return ((octets & 0xf0f0f0f0f0f0f0f0) |
          (((octets + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) == 0x3333333333333333;
}

inline std::uint64_t eight_digits(std::uint64_t octets) {
  octets -= 0x3030303030303030;
  octets = octets * 10 + (octets >> 8);
  return (((octets & 0x000000ff000000ff) * 0x000f424000000064) +
          (((octets >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
         32;
}

inline constexpr double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Reads digits into `value` modulo 2^64; the caller counts how many there were.
inline const char* read_digits(const char* p, const char* readable_end, std::uint64_t& value) {
  while (readable_end - p >= 8) {
    const std::uint64_t octets = load8(p);
    if (!are_eight_digits(octets)) break;
    value = value * 100000000 + eight_digits(octets);
    p += 8;
  }
  while (is_digit(*p)) value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
  return p;
}

}  // namespace number_detail

// `begin` is at a minus or a digit. The octet at `readable_end` is readable and not a digit (NUL).
inline Number scan_number(const char* begin, const char* readable_end) {
  using namespace number_detail;
  Number number;
  const char* p = begin;
  number.negative = *p == '-';
  p += number.negative;
  const char* const digits = p;
  std::uint64_t magnitude = 0;
  if (*p == '0') {
    ++p;
    if (is_digit(*p)) [[unlikely]] {
      number.end = p;
      return number;
    }
  } else if (is_digit(*p)) {
    p = read_digits(p, readable_end, magnitude);
  } else {
    number.end = p;
    return number;
  }
  const std::ptrdiff_t integer_digits = p - digits;
  if (*p != '.' && (*p | 0x20) != 'e') {
    number.end = p;
    number.magnitude = magnitude;
    // Nineteen digits always fit; twenty fit when they begin with 1 and did not wrap.
    const bool fits = integer_digits < 20 || (integer_digits == 20 && *digits == '1' &&
                                              magnitude >= 10000000000000000000u);
    number.kind = fits ? NumberKind::integer : NumberKind::big_integer;
    return number;
  }

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

  std::ptrdiff_t significant = integer_digits + fraction_digits;
  if (*digits == '0') {
    --significant;
    if (significant > 19) [[unlikely]] {
      for (const char* zero = digits + 2; *zero == '0' && significant > 0; ++zero) --significant;
    }
  }
  const std::int64_t scale = exponent - fraction_digits;
  if (significant <= 19) [[likely]] {
    if (magnitude <= (std::uint64_t{1} << 53) && scale >= -22 && scale <= 22) {
      double real = static_cast<double>(magnitude);
      real = scale < 0 ? real / exact_powers[-scale] : real * exact_powers[scale];
      number.real = number.negative ? -real : real;
      number.kind = NumberKind::real;
      return number;
    }
    if (magnitude == 0) {
      number.real = number.negative ? -0.0 : 0.0;
      number.kind = NumberKind::real;
      return number;
    }
    if (scale >= -400 && scale <= 400) {
      double real;
      if (nearest_double(magnitude, static_cast<int>(scale), real)) [[likely]] {
        number.real = number.negative ? -real : real;
        number.kind = NumberKind::real;
        return number;
      }
    }
  }
  return convert_real(begin, p, scale + significant);
}

}  // namespace noria::http::json

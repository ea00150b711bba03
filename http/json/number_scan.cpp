#include "http/json/number_scan.hpp"

#include <charconv>

namespace pelton::http::json {
namespace {

using namespace number_detail;

// Bit 7 is clear for each leading digit and set for the first octet that is none; after it the bits
// mean nothing. Finds where the first run of digits ends.
std::uint64_t not_digits(std::uint64_t octets) {
  const std::uint64_t values = octets ^ digit_zeros;
  return ((values + 0x7676767676767676) | values) & 0x8080808080808080;
}

// Reads digits into `value` modulo 2^64; the caller counts them. Up to eight at a time, without a
// branch on their number.
const char* read_digits(const char* p, const char* readable_end, std::uint64_t& value) {
  while (readable_end - p >= 8) {
    const std::uint64_t octets = load8(p);
    const std::uint64_t stop = not_digits(octets);
    if (stop != 0) [[likely]] {
      const int bits = std::countr_zero(stop) & ~7;  // of the digits
      // Moves the digits to the end of the word, zeros before them; in two steps, as a shift by all
      // 64 bits is undefined.
      const std::uint64_t values = (octets ^ digit_zeros) << (56 - bits) << 8;
      value = value * integer_powers[bits / 8] + eight_digits(values);
      return p + bits / 8;
    }
    value = value * 100000000 + eight_digits(octets ^ digit_zeros);
    p += 8;
  }
  while (is_digit(*p)) value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
  return p;
}

// Converts a well-formed token with any number of digits and any exponent. `decimal_exponent` is
// that of the first significant digit and tells overflow from underflow.
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

// The integral part of a number; what follows it is not yet checked.
struct IntegralPart {
  std::uint64_t magnitude = 0;   // modulo 2^64
  const char* digits = nullptr;  // after the sign
  const char* end = nullptr;     // after the digits, or where one is missing or too many
  bool well_formed = false;
  bool negative = false;

  // The next octet makes the number a float.
  bool is_real() const { return *end == '.' || (*end | 0x20) == 'e'; }
  std::size_t count() const { return static_cast<std::size_t>(end - digits); }
  // Nineteen digits always fit; twenty fit when they begin with 1 and did not wrap.
  bool fits() const {
    return count() < 20 ||
           (count() == 20 && *digits == '1' && magnitude >= 10'000'000'000'000'000'000u);
  }
};

// `begin` is at a minus or a digit. The octet at `readable_end` is readable and not a digit (NUL).
IntegralPart scan_integral_part(const char* begin, const char* readable_end) {
  IntegralPart part;
  const char* p = begin;
  part.negative = *p == '-';
  p += part.negative;
  part.digits = p;
  if (*p >= '1' && *p <= '9') [[likely]] {
    // Most integral parts are short and of similar length, which branch prediction learns.
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

// Reads the rest of a number whose integral part is well-formed and is_real().
Number scan_real(const IntegralPart& part, const char* readable_end) {
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
    // Far beyond the exponent of any double, and far from wrapping.
    constexpr std::int64_t exponent_cap = 1'000'000'000'000;
    do {
      if (exponent < exponent_cap) exponent = exponent * 10 + (*p - '0');
      ++p;
    } while (is_digit(*p));
    if (down) exponent = -exponent;
  }
  number.end = p;
  number.kind = NumberKind::real;

  constexpr std::ptrdiff_t certain_digits = 19;  // always fit in 64 bits
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
  // lie on both sides of that: a lower limit makes the branch predictable.
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

}  // namespace

Number scan_number(const char* begin, const char* readable_end) {
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

}  // namespace pelton::http::json

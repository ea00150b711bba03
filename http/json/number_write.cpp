#include "http/json/number_write.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "http/json/powers_of_ten.hpp"

namespace pelton::http::json {
namespace {

__extension__ using uint128 = unsigned __int128;

constexpr int mantissa_bits = 52;
constexpr int exponent_bias = 1075;  // value = mantissa * 2^(field - bias)
constexpr std::uint64_t implicit_bit = std::uint64_t{1} << mantissa_bits;

// floor(log10(2^e)), and of 3/4 * 2^e for the one-sided interval below a power of two.
constexpr int floor_log10_of_power_of_two(int e) {
  return (e * 315653) >> 20;
}
constexpr int floor_log10_of_three_quarters(int e) {
  return (e * 315653 - 131072) >> 20;
}

// The upper 128 bits of the 192-bit product.
struct Product {
  std::uint64_t integral;
  std::uint64_t fraction;
};
Product multiply(const PowerOfTen& power, std::uint64_t factor) {
  const uint128 high = static_cast<uint128>(power.high) * factor;
  const auto carry = static_cast<std::uint64_t>((static_cast<uint128>(power.low) * factor) >> 64);
  const uint128 sum = high + carry;
  return {static_cast<std::uint64_t>(sum >> 64), static_cast<std::uint64_t>(sum)};
}

// R. Giulietti, "The Schubfach way to render doubles": exact for every double. The interval that
// rounds to mantissa * 2^exponent is scaled to hold at least one and at most a few integers; one
// that ends in 0 gives the shorter text, else the nearest is taken. Two extra bits and a sticky bit
// ("round to odd") keep every comparison exact.
ShortestDecimal shortest_by_interval(std::uint64_t mantissa, int exponent, bool regular) {
  const int k =
      regular ? floor_log10_of_power_of_two(exponent) : floor_log10_of_three_quarters(exponent);
  const int shift = exponent + floor_log2_of_power_of_ten(-k) + 1;
  PowerOfTen power = power_of_ten(-k);
  // The proof needs an overestimate.
  power.high += (++power.low == 0);
  const auto scaled = [&](std::uint64_t quarters) {
    const Product p = multiply(power, quarters << shift);
    return p.integral | (p.fraction > 1);
  };
  // The interval of an odd mantissa excludes its ends.
  const std::uint64_t odd = mantissa & 1;
  const std::uint64_t quarters = 4 * mantissa;
  const std::uint64_t lower = scaled(quarters - (regular ? 2 : 1)) + odd;
  const std::uint64_t upper = scaled(quarters + 2) - odd;
  const std::uint64_t middle = scaled(quarters);

  const std::uint64_t below = middle / 4;
  const std::uint64_t tens = below / 10 * 10;
  if (below >= 10) {
    const bool down = lower <= 4 * tens;
    const bool up = 4 * (tens + 10) <= upper;
    if (down != up) return {up ? tens + 10 : tens, k};
  }
  const bool below_fits = lower <= 4 * below;
  const bool above_fits = 4 * (below + 1) <= upper;
  if (below_fits != above_fits) return {below_fits ? below : below + 1, k};
  const std::uint64_t half = 4 * below + 2;
  const bool round_down = middle < half || (middle == half && (below & 1) == 0);
  return {round_down ? below : below + 1, k};
}

// A significand of 16 or 17 digits, split before its last digit.
struct SplitDecimal {
  std::uint64_t head;  // 10^14 to 10^16 - 1
  unsigned last;
  int exponent;  // of ten, of the last digit
};

// Powers of two (zero fractions), subnormals, and values that the fast method leaves undecided.
[[gnu::noinline]] SplitDecimal split_rare_bits(std::uint64_t bits) {
  const std::uint64_t fraction = bits & (implicit_bit - 1);
  const int field = static_cast<int>(bits >> mantissa_bits);
  ShortestDecimal decimal =
      field == 0 ? shortest_by_interval(fraction, 1 - exponent_bias, true)
                 : shortest_by_interval(fraction | implicit_bit, field - exponent_bias,
                                        fraction != 0 || field == 1);
  while (decimal.significand < 10'000'000'000'000'000) {
    decimal.significand *= 10;
    --decimal.exponent;
  }
  return {decimal.significand / 10, static_cast<unsigned>(decimal.significand % 10),
          decimal.exponent};
}

// The scaling for an exponent field: the power of ten that puts all digits but the last before the
// point, and by how many bits the mantissa is shifted first, so that the product's point is
// `point_bits` above the border of two words.
struct Scale {
  std::uint16_t row;  // of powers_of_ten
  std::uint8_t shift;
};

constexpr int point_bits = 6;

constexpr std::array<Scale, 2048> scales = [] {
  std::array<Scale, 2048> table{};
  for (int field = 1; field < 2047; ++field) {
    const int exponent = field - exponent_bias;
    const int power = -floor_log10_of_power_of_two(exponent) - 1;
    table[static_cast<std::size_t>(field)] = {
        static_cast<std::uint16_t>(power - power_of_ten_min),
        static_cast<std::uint8_t>(exponent + floor_log2_of_power_of_ten(power) + point_bits + 1)};
  }
  return table;
}();

// No bits are shifted out of a word.
static_assert([] {
  for (std::size_t field = 1; field < 2047; ++field) {
    if (scales[field].shift < 1 || scales[field].shift > point_bits) return false;
  }
  return true;
}());

// After the fast method of Y. Guo (yy_double) and V. Zverovich (zmij): one scaled product decides
// everything unless a boundary lies within the table's error. Its integral part is the digits of
// the shorter candidate. The fraction decides whether this candidate, or the next, is in the
// interval that reads back equal, and otherwise gives the last digit. False if undecided.
[[gnu::always_inline]] inline bool split_quickly(std::uint64_t bits, SplitDecimal& decimal) {
  const std::uint64_t fraction_field = bits & (implicit_bit - 1);
  const auto field = static_cast<unsigned>(bits >> mantissa_bits);
  if (fraction_field == 0 || field == 0) [[unlikely]]
    return false;
  const Scale scale = scales[field];
  const PowerOfTen& power = powers_of_ten[scale.row];
  const Product p = multiply(power, (fraction_field | implicit_bit) << scale.shift);
  const std::uint64_t integral = p.integral >> point_bits;
  const std::uint64_t fraction = (p.integral << (64 - point_bits)) | (p.fraction >> point_bits);
  // Half the interval is between a twentieth and a half, so it contains values that would round to
  // ten.
  const std::uint64_t half_interval = power.high >> (point_bits + 1 - scale.shift);
  const auto upper_half =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(fraction) >> 63);  // all bits or none
  const std::uint64_t distance = (fraction ^ upper_half) - upper_half;  // to the nearest integer
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  const uint128 tenfold = static_cast<uint128>(fraction) * 10 + half;
  // The fraction and half the interval are at most two units too small, ten times the fraction
  // twenty.
  constexpr std::uint64_t error = 4;
  constexpr std::uint64_t tenfold_error = 32;
  if (distance - half_interval + error <= 2 * error ||
      static_cast<std::uint64_t>(tenfold) + tenfold_error <= 2 * tenfold_error) [[unlikely]] {
    return false;
  }
  // Which candidate wins is random, so no branch depends on it.
  const std::uint64_t short_one = 0 - std::uint64_t{distance < half_interval};  // all bits or none
  decimal = {integral - (upper_half & short_one),
             static_cast<unsigned>(tenfold >> 64) & static_cast<unsigned>(~short_one),
             -power_of_ten_min - 1 - scale.row};
  return true;
}

}  // namespace

ShortestDecimal shortest_decimal(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  SplitDecimal decimal;
  if (!split_quickly(bits, decimal)) decimal = split_rare_bits(bits);
  return {decimal.head * 10 + decimal.last, decimal.exponent};
}

namespace {

// Writes the text of a number's digits: `head` has sixteen, the first a zero to skip if `lead`,
// then comes `last`. Plain arguments stay in registers, which makes these functions fast. The first
// digit that counts is at out + 1; a zero to skip falls on `out`.
inline void store_digits(char* out, SixteenDigits head, char last, bool lead) {
  out += 1 - lead;
  head.store(out);
  out[16] = last;
}

// 1.23e45
[[gnu::noinline]] char* write_scientific(char* out, SixteenDigits head, char last, bool lead,
                                         int count, int exponent) {
  const std::uint64_t first_eight = head.first_eight();
  store_digits(out, head, last, lead);
  out[0] = static_cast<char>(lead ? first_eight >> 8 : first_eight);
  out[1] = '.';
  out += count == 1 ? 1 : count + 1;
  out[0] = 'e';
  out[1] = '-';
  const bool negative = exponent < 0;
  return write_small_number(out + 1 + negative,
                            static_cast<std::uint32_t>(negative ? -exponent : exponent));
}

// Where the point goes in a word of digits, by the number of digits before it.
struct PointPlace {
  std::uint64_t before;  // the octets before the point
  std::uint64_t point;
};

constexpr std::array<PointPlace, 8> point_places = [] {
  std::array<PointPlace, 8> places{};
  for (unsigned i = 0; i < places.size(); ++i) {
    places[i] = {(std::uint64_t{1} << (8 * i)) - 1, std::uint64_t{'.'} << (8 * i)};
  }
  return places;
}();

// Inserts a point after the word's first `digits` octets; the last octet drops out.
inline std::uint64_t with_point(std::uint64_t word, unsigned digits) {
  const auto [before, point] = point_places[digits];
  const std::uint64_t front = word & before;
  return front | point | ((word ^ front) << 8);
}

// 1234567890.5, whose integral part does not fit in a word, and 1200.0, where trailing zeros are
// written.
[[gnu::noinline]] char* write_long_integral(char* out, SixteenDigits head, char last, bool lead,
                                            int count, int integral_digits) {
  std::uint64_t first = head.first_eight();
  std::uint64_t second = head.second_eight();
  const std::uint64_t third = static_cast<unsigned char>(last);
  if (lead) {
    first = first >> 8 | second << 56;
    second = second >> 8 | third << 56;
  }
  if (integral_digits == 16) {
    store8(out, first);
    store8(out + 8, second);
    out[16] = '.';
    out[17] = lead ? '0' : last;
    return out + 18;
  }
  store_digits(out, head, last, lead);
  if (integral_digits < 8) {
    store8(out, with_point(first, static_cast<unsigned>(integral_digits)));
  } else {
    store8(out, first);
    store8(out + 8, with_point(second, static_cast<unsigned>(integral_digits - 8)));
  }
  return out + std::max(count, integral_digits + 1) + 1;
}

// Writes numbers of up to six decimals, such as prices, durations and coordinates: true if `value`,
// which is not negative, is the double nearest to such a number. With at most fifteen digits in
// all, no other number is as short (DBL_DIG), so no search is needed.
inline bool write_short_decimal(char*& out, double value) {
  constexpr double scale = 1e6;
  constexpr double value_max = 1e9;
  // A larger value fails the comparison below; a branch for it would cost more.
  const auto scaled = static_cast<std::int64_t>(std::min(value, value_max) * scale + 0.5);
  if (static_cast<double>(scaled) / scale != value) return false;
  // Below 0.00001 the exponent form is shorter.
  if (scaled < 10 && scaled != 0) [[unlikely]]
    return false;
  const auto integral = static_cast<std::uint32_t>(static_cast<std::uint64_t>(scaled) / 1'000'000);
  const auto decimals = static_cast<std::uint32_t>(static_cast<std::uint64_t>(scaled) % 1'000'000);
  const std::uint64_t digits = eight_digit_octets(100 * decimals);
  char* end = write_unsigned(out, integral);
  *end++ = '.';
  store8(end, digits + ascii_zeros);
  out = end + 8 - std::countl_zero(digits | 1) / 8;
  return true;
}

[[gnu::always_inline]] inline char* write_split(char* out, const SplitDecimal& decimal) {
  constexpr std::uint64_t fifteen_digits = 1'000'000'000'000'000;
  const SixteenDigits head = SixteenDigits::from(decimal.head);
  const char last = static_cast<char>('0' + decimal.last);
  // Half of all doubles have the seventeenth digit: a branch on it would often be mispredicted.
  const bool lead = decimal.head < fifteen_digits;
  const int count = head.count_with(decimal.last) - lead;
  const int exponent = decimal.exponent + 16 - lead;
  const int integral_digits = exponent + 1;
  if (static_cast<unsigned>(exponent) < 7 && integral_digits < count) {
    // 12.3: writes all digits one octet to the right, then the integral digits and the point over
    // them.
    store_digits(out, head, last, lead);
    const std::uint64_t first_eight = head.first_eight() >> (8 * lead);
    store8(out, with_point(first_eight, static_cast<unsigned>(integral_digits)));
    return out + count + 1;
  }
  if (exponent < -5 || exponent > 15) {
    return write_scientific(out, head, last, lead, count, exponent);
  }
  if (exponent < 0) {  // 0.00123
    std::memcpy(out, "0.000000", 8);
    store_digits(out - exponent, head, last, lead);
    out[1] = '.';
    return out + 1 - exponent + count;
  }
  return write_long_integral(out, head, last, lead, count, integral_digits);
}

// A tail call, so that write_real need not save a register.
[[gnu::noinline]] char* write_rare_real(char* out, std::uint64_t magnitude) {
  return write_split(out, split_rare_bits(magnitude));
}

}  // namespace

char* write_real(char* out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  *out = '-';
  out += bits >> 63;
  const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63);
  if (write_short_decimal(out, std::bit_cast<double>(magnitude))) return out;
  SplitDecimal decimal;
  if (!split_quickly(magnitude, decimal)) [[unlikely]]
    return write_rare_real(out, magnitude);
  return write_split(out, decimal);
}

}  // namespace pelton::http::json

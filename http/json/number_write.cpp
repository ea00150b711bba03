#include "http/json/number_write.hpp"

#include <array>
#include <cstring>

#include "http/json/powers_of_ten.hpp"

namespace noria::http::json {
namespace {

__extension__ using uint128 = unsigned __int128;

constexpr int mantissa_bits = 52;
constexpr int exponent_bias = 1075;  // value = mantissa * 2^(field - bias)
constexpr std::uint64_t implicit_bit = std::uint64_t{1} << mantissa_bits;

// floor(log10(2^e)); of 3/4 * 2^e for the one-sided interval below a power of two.
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
// rounds to mantissa * 2^exponent is scaled so that it holds at least one and at most a few
// integers; the one that ends in 0 is shorter, else the nearest is taken. Two extra bits and a
// sticky bit ("round to odd") keep every comparison exact.
ShortestDecimal shortest_by_interval(std::uint64_t mantissa, int exponent, bool regular) {
  const int k =
      regular ? floor_log10_of_power_of_two(exponent) : floor_log10_of_three_quarters(exponent);
  const int shift = exponent + floor_log2_of_power_of_ten(-k) + 1;
  PowerOfTen power = power_of_ten(-k);
  // An overestimate is what the proof works with.
  power.high += (++power.low == 0);
  const auto scaled = [&](std::uint64_t quarters) {
    const Product p = multiply(power, quarters << shift);
    return p.integral | (p.fraction > 1);
  };
  // An odd mantissa does not own the ends of its interval.
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

// Zero fractions (powers of two), subnormals, and what the quick road leaves undecided.
[[gnu::noinline]] ShortestDecimal shortest_of_rare_bits(std::uint64_t bits) {
  const std::uint64_t fraction = bits & (implicit_bit - 1);
  const int field = static_cast<int>(bits >> mantissa_bits);
  if (field == 0) return shortest_by_interval(fraction, 1 - exponent_bias, true);
  return shortest_by_interval(fraction | implicit_bit, field - exponent_bias,
                              fraction != 0 || field == 1);
}

// What the exponent field of a double leads to: the power of ten that scales it, and by how many
// bits the mantissa is shifted first so that the product's point falls between two words.
struct Scale {
  std::int16_t power;
  std::uint8_t shift;
};

constexpr std::array<Scale, 2048> scales = [] {
  std::array<Scale, 2048> table{};
  for (int field = 1; field < 2047; ++field) {
    const int exponent = field - exponent_bias;
    const int power = -floor_log10_of_power_of_two(exponent);
    table[static_cast<std::size_t>(field)] = {
        static_cast<std::int16_t>(power),
        static_cast<std::uint8_t>(exponent + floor_log2_of_power_of_ten(power) + 1)};
  }
  return table;
}();

// The quick road of Y. Guo (yy_double) and V. Zverovich (zmij): one scaled product, whose integral
// part minus its last digit is the shorter candidate, tells everything unless a boundary lies
// within the error of the table.
[[gnu::always_inline]] inline ShortestDecimal shortest_of_bits(std::uint64_t bits) {
  const std::uint64_t fraction = bits & (implicit_bit - 1);
  const auto field = static_cast<unsigned>(bits >> mantissa_bits);
  if (fraction == 0 || field == 0) [[unlikely]]
    return shortest_of_rare_bits(bits);
  const Scale scale = scales[field];
  const PowerOfTen& power = power_of_ten(scale.power);
  const Product p = multiply(power, (fraction | implicit_bit) << scale.shift);

  const std::uint64_t tens = p.integral / 10;
  const std::uint64_t digit = p.integral - tens * 10;
  // The remainder modulo ten and half the interval, as fixed point numbers with 60 binary places.
  constexpr std::uint64_t ten = std::uint64_t{10} << 60;
  const std::uint64_t remainder = (digit << 60) | (p.fraction >> 4);
  const std::uint64_t half_interval = power.high >> (5 - scale.shift);
  const std::uint64_t upper = remainder + half_interval;
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  if (p.fraction == half || remainder == half_interval || ten - upper <= 1) [[unlikely]] {
    return shortest_of_rare_bits(bits);
  }
  // Which candidate wins is as good as random, so the choice is made without a branch.
  const auto choose = [](bool condition, std::uint64_t yes, std::uint64_t no) {
    const std::uint64_t mask = 0 - std::uint64_t{condition};
    return no ^ ((no ^ yes) & mask);
  };
  const std::uint64_t nearest = p.integral + (p.fraction > half);
  const std::uint64_t down = choose(remainder < half_interval, tens * 10, nearest);
  return {choose(upper > ten, tens * 10 + 10, down), -scale.power};
}

}  // namespace

ShortestDecimal shortest_decimal(double value) {
  return shortest_of_bits(std::bit_cast<std::uint64_t>(value));
}

namespace {

// Of a number's text: sixteen digits, before them `first` where `extra` says so, `count` of them
// up to the zeros that end them, and the power of ten of the first. As plain arguments they stay in
// registers, which is most of what these functions are about.
inline void store_digits(char* out, SixteenDigits digits, char first, bool extra) {
  *out = first;
  digits.store(out + extra);
}

// 1.23e45
[[gnu::noinline]] char* write_scientific(char* out, SixteenDigits digits, char first, bool extra,
                                         int count, int exponent) {
  store_digits(out + 1, digits, first, extra);
  out[0] = out[1];
  out[1] = '.';
  out += count == 1 ? 1 : count + 1;
  out[0] = 'e';
  out[1] = '-';
  const bool negative = exponent < 0;
  return write_small_number(out + 1 + negative,
                            static_cast<std::uint32_t>(negative ? -exponent : exponent));
}

// 0.00123, and 1234567890.5, whose integral part does not fit a word.
[[gnu::noinline]] char* write_unusual(char* out, SixteenDigits digits, char first, bool extra,
                                      int count, int exponent) {
  if (exponent < 0) {
    std::memcpy(out, "0.000000", 8);
    out += 1 - exponent;
    store_digits(out, digits, first, extra);
    return out + count;
  }
  const int integral_digits = exponent + 1;
  store_digits(out + 1, digits, first, extra);
  std::memmove(out, out + 1, static_cast<std::size_t>(integral_digits));
  out[integral_digits] = '.';
  return out + count + 1;
}

[[gnu::noinline]] ShortestDecimal with_sixteen_digits(ShortestDecimal decimal) {
  while (decimal.significand < 1'000'000'000'000'000) {
    decimal.significand *= 10;
    --decimal.exponent;
  }
  return decimal;
}

// Where the point goes into a word of digits, by how many stand before it.
struct PointPlace {
  std::uint64_t before;  // the octets in front
  std::uint64_t point;
};

constexpr std::array<PointPlace, 8> point_places = [] {
  std::array<PointPlace, 8> places{};
  for (unsigned i = 0; i < places.size(); ++i) {
    places[i] = {(std::uint64_t{1} << (8 * i)) - 1, std::uint64_t{'.'} << (8 * i)};
  }
  return places;
}();

// Up to six decimals, as prices, durations and coordinates have: true when `value`, which is not
// negative, is the double nearest to such a number. With at most fifteen digits in all that
// number is the only one so short (DBL_DIG), so no search is needed.
inline bool write_short_decimal(char*& out, double value) {
  constexpr double scale = 1e6;
  constexpr double value_max = 1e9;
  if (!(value < value_max)) return false;
  const auto scaled = static_cast<std::int64_t>(value * scale + 0.5);
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

}  // namespace

char* write_real(char* out, double value) {
  constexpr std::uint64_t sixteen_digits = 10'000'000'000'000'000;
  constexpr std::uint64_t eight_digits = 100'000'000;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  *out = '-';
  out += bits >> 63;
  const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63);
  if (write_short_decimal(out, std::bit_cast<double>(magnitude))) return out;
  ShortestDecimal decimal = shortest_of_bits(magnitude);
  if (decimal.significand < sixteen_digits / 10) [[unlikely]]
    decimal = with_sixteen_digits(decimal);

  // Half of all doubles have the seventeenth digit: a branch on it would be missed as often as not.
  const bool extra = decimal.significand >= sixteen_digits;
  const auto head = static_cast<std::uint32_t>(decimal.significand / eight_digits);
  const auto tail = static_cast<std::uint32_t>(decimal.significand % eight_digits);
  const SixteenDigits digits = SixteenDigits::from(head % eight_digits, tail);
  const char first = static_cast<char>('0' + head / eight_digits);
  const int count = extra + digits.count();
  const int exponent = decimal.exponent + 15 + extra;
  if (exponent < -5 || exponent > 15) {
    return write_scientific(out, digits, first, extra, count, exponent);
  }
  const int integral_digits = exponent + 1;
  if (integral_digits >= count) {  // 1200.0: the zeros that end the digits are text here
    store_digits(out, digits, first, extra);
    out[integral_digits] = '.';
    out[integral_digits + 1] = '0';
    return out + integral_digits + 2;
  }
  if (integral_digits <= 0 || integral_digits >= 8) [[unlikely]] {
    return write_unusual(out, digits, first, extra, count, exponent);
  }
  // 12.3: everything one octet to the right, then the integral digits and the point over it.
  store_digits(out + 1, digits, first, extra);
  const std::uint64_t without = digits.first_eight();
  const std::uint64_t with = (without << 8) | static_cast<unsigned char>(first);
  const std::uint64_t word = without ^ ((without ^ with) & (0 - std::uint64_t{extra}));
  const auto [before, point] = point_places[static_cast<unsigned>(integral_digits)];
  store8(out, (word & before) | point | ((word & ~before) << 8));
  return out + count + 1;
}

}  // namespace noria::http::json

#include "http/h1/vector_stops.hpp"

#if defined(__x86_64__)

#include <bit>

#include "http/h1/scan.hpp"

namespace pelton::http {
namespace {

constexpr Sixteen sixteen(int octet) {
  Sixteen made{};
  for (unsigned char& copy : made.octets) copy = static_cast<unsigned char>(octet);
  return made;
}

template <class Stops>
const char* find_stop(const char* p, const char* end, FindStop rest) {
  while (end - p >= 16) {
    const unsigned stops = Stops::in(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    if (stops != 0) return p + std::countr_zero(stops);
    p += 16;
  }
  return rest(p, end);
}

const char* path_stop(const char* p, const char* end) {
  return find_stop<PathStops>(p, end, portable_scanner().path_stop);
}
const char* query_stop(const char* p, const char* end) {
  return find_stop<QueryStops>(p, end, portable_scanner().query_stop);
}
const char* value_stop(const char* p, const char* end) {
  return find_stop<ValueStops>(p, end, portable_scanner().value_stop);
}

constexpr Scanner scanner{"sse2", Scanner::Lines::sse2, path_stop, query_stop, value_stop};

}  // namespace

constinit const StopOctets stop_octets{
    .one = sixteen(1),
    .unit_separator = sixteen(0x1f),
    .exclamation_above = sixteen('!' + 1),
    .del = sixteen(0x7f),
    .tab = sixteen('\t'),
    .number_sign = sixteen('#'),
    .question_mark = sixteen('?'),
    .percent = sixteen('%'),
    .backslash = sixteen('\\'),
    .case_bit = sixteen(0x20),
    .minus_a = sixteen(-'a'),
    .last_letter = sixteen('z' - 'a'),
    .minus_0 = sixteen(-'0'),
    .last_digit = sixteen(9),
    .hyphen = sixteen('-'),
    .minus_hyphen = sixteen(-'-'),
    .hyphen_to_9 = sixteen('9' - '-'),
    .slash = sixteen('/'),
};

const Scanner& sse2_scanner() {
  return scanner;
}

}  // namespace pelton::http

#endif

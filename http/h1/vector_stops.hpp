// Which of sixteen octets end a run, as SSE2 sees them. SSE2 belongs to every x86-64 machine, so
// these may be used without asking.
#pragma once

#if defined(__x86_64__)

#include <emmintrin.h>

namespace noria::http {

// Each `in` returns one bit per octet, set where a run of the class ends.
struct PathStops {
  static unsigned in(__m128i octets) {
    // Signed: everything from 0x80 up is below 0x21, too.
    __m128i stops = _mm_cmplt_epi8(octets, _mm_set1_epi8(0x21));
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8(0x7f)));
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('#')));
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('?')));
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('%')));
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('\\')));
    return static_cast<unsigned>(_mm_movemask_epi8(stops));
  }
};

struct QueryStops {
  static unsigned in(__m128i octets) {
    __m128i stops = _mm_cmplt_epi8(octets, _mm_set1_epi8(0x21));
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8(0x7f)));
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('#')));
    return static_cast<unsigned>(_mm_movemask_epi8(stops));
  }
};

struct ValueStops {
  static unsigned in(__m128i octets) {
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(octets, _mm_set1_epi8(0x1f)), octets);
    const __m128i tab = _mm_cmpeq_epi8(octets, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(octets, _mm_set1_epi8(0x7f));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)));
  }
};

// Letters, digits and the hyphen: what nearly all names are made of.
struct NameStops {
  static unsigned in(__m128i octets) {
    const __m128i letter =
        _mm_sub_epi8(_mm_or_si128(octets, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i digit = _mm_sub_epi8(octets, _mm_set1_epi8('0'));
    __m128i inside = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
    inside = _mm_or_si128(inside, _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit));
    inside = _mm_or_si128(inside, _mm_cmpeq_epi8(octets, _mm_set1_epi8('-')));
    return static_cast<unsigned>(_mm_movemask_epi8(inside)) ^ 0xffffu;
  }
};

// Letters, digits, hyphen, dot; the underscore of a host name is left to the slower road.
struct HostStops {
  static unsigned in(__m128i octets) {
    const __m128i letter =
        _mm_sub_epi8(_mm_or_si128(octets, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i digit = _mm_sub_epi8(octets, _mm_set1_epi8('-'));
    __m128i inside = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
    // From hyphen to nine: the only octet of it that is no host octet is the slash.
    inside =
        _mm_or_si128(inside, _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8('9' - '-')), digit));
    inside = _mm_andnot_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8('/')), inside);
    return static_cast<unsigned>(_mm_movemask_epi8(inside)) ^ 0xffffu;
  }
};

}  // namespace noria::http

#endif

// Finds which of sixteen octets end a run, with SSE2. Every x86-64 machine has SSE2, so no check is
// needed.
#pragma once

#if defined(__x86_64__)

#include <emmintrin.h>

namespace pelton::http {

// Sixteen copies of one octet, in memory that the compiler does not know to be constant: as a
// memory operand each costs nothing, while gcc would rebuild a known constant in registers, with
// three instructions at every use.
struct Sixteen {
  alignas(16) unsigned char octets[16];

  operator __m128i() const { return _mm_load_si128(reinterpret_cast<const __m128i*>(octets)); }
};

struct StopOctets {
  Sixteen one, unit_separator, exclamation_above, del, tab, number_sign, question_mark, percent,
      backslash, case_bit, minus_a, last_letter, minus_0, last_digit, hyphen, minus_hyphen,
      hyphen_to_9, slash;
};
extern const StopOctets stop_octets;

// Octets outside 0x21 to 0x7E, and the number sign. One more than DEL is negative, so one signed
// comparison finds everything below and above.
[[gnu::always_inline]] inline __m128i no_target(__m128i octets) {
  const __m128i above = _mm_add_epi8(octets, stop_octets.one);
  return _mm_or_si128(_mm_cmplt_epi8(above, stop_octets.exclamation_above),
                      _mm_cmpeq_epi8(octets, stop_octets.number_sign));
}

// Whether the unsigned distance from a base is at most `last`.
[[gnu::always_inline]] inline __m128i within(__m128i distance, __m128i last) {
  return _mm_cmpeq_epi8(_mm_min_epu8(distance, last), distance);
}

[[gnu::always_inline]] inline __m128i is_letter(__m128i octets) {
  const __m128i folded = _mm_or_si128(octets, stop_octets.case_bit);
  return within(_mm_add_epi8(folded, stop_octets.minus_a), stop_octets.last_letter);
}

[[gnu::always_inline]] inline unsigned bits_of(__m128i octets) {
  return static_cast<unsigned>(_mm_movemask_epi8(octets));
}

// Each `in` returns one bit per octet, set where a run of the class ends.
struct PathStops {
  [[gnu::always_inline]] static unsigned in(__m128i octets) {
    const __m128i marks =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(octets, stop_octets.question_mark),
                                  _mm_cmpeq_epi8(octets, stop_octets.percent)),
                     _mm_cmpeq_epi8(octets, stop_octets.backslash));
    return bits_of(_mm_or_si128(no_target(octets), marks));
  }
};

struct QueryStops {
  [[gnu::always_inline]] static unsigned in(__m128i octets) { return bits_of(no_target(octets)); }
};

struct ValueStops {
  [[gnu::always_inline]] static unsigned in(__m128i octets) {
    const __m128i low = within(octets, stop_octets.unit_separator);
    const __m128i tab = _mm_cmpeq_epi8(octets, stop_octets.tab);
    const __m128i del = _mm_cmpeq_epi8(octets, stop_octets.del);
    return bits_of(_mm_or_si128(_mm_andnot_si128(tab, low), del));
  }
};

// The same, but HTAB also ends a run: for values without one.
struct PlainValueStops {
  [[gnu::always_inline]] static unsigned in(__m128i octets) {
    const __m128i low = within(octets, stop_octets.unit_separator);
    return bits_of(_mm_or_si128(low, _mm_cmpeq_epi8(octets, stop_octets.del)));
  }
};

// Letters, digits and the hyphen: what most names consist of.
struct NameStops {
  [[gnu::always_inline]] static unsigned in(__m128i octets) {
    const __m128i digit = within(_mm_add_epi8(octets, stop_octets.minus_0), stop_octets.last_digit);
    const __m128i hyphen = _mm_cmpeq_epi8(octets, stop_octets.hyphen);
    return bits_of(_mm_or_si128(_mm_or_si128(is_letter(octets), digit), hyphen)) ^ 0xffffu;
  }
};

// Letters, digits, hyphen, dot; the slower code handles the underscore of a host name.
struct HostStops {
  [[gnu::always_inline]] static unsigned in(__m128i octets) {
    // From hyphen to nine only the slash is no host octet.
    const __m128i digit =
        within(_mm_add_epi8(octets, stop_octets.minus_hyphen), stop_octets.hyphen_to_9);
    const __m128i slash = _mm_cmpeq_epi8(octets, stop_octets.slash);
    return bits_of(_mm_andnot_si128(slash, _mm_or_si128(is_letter(octets), digit))) ^ 0xffffu;
  }
};

}  // namespace pelton::http

#endif

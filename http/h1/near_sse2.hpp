// Runs of a head, scanned in place by sixteen octets: the vector twin of near_portable.hpp. Typical
// names and values end within two loads, for which no call is worth its cost (benchmarks/micro).
#pragma once

#if defined(__x86_64__)

#include <bit>

#include "http/h1/near_portable.hpp"
#include "http/h1/scan.hpp"
#include "http/h1/vector_stops.hpp"

namespace noria::http {

struct NearSse2 {
  static __m128i load(const char* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }

  // The last, incomplete sixteen of a buffer are read together with octets in front of them, which
  // are then shifted out: nothing behind `end` is ever touched.
  template <class Stops, unsigned classes>
  static const char* tail_end(const char* begin, const char* p, const char* end) {
    if (end - begin < 16) [[unlikely]]
      return NearPortable::run_end<classes>(p, end);
    const unsigned stops = Stops::in(load(end - 16)) >> (16 - (end - p));
    return stops != 0 ? p + std::countr_zero(stops) : end;
  }

  template <class Stops, unsigned classes>
  static const char* short_run_end(const char* begin, const char* p, const char* end) {
    while (end - p >= 16) {
      const unsigned stops = Stops::in(load(p));
      if (stops != 0) return p + std::countr_zero(stops);
      p += 16;
    }
    return tail_end<Stops, classes>(begin, p, end);
  }

  template <class Stops>
  static const char* long_run_end(const char* begin, const char* p, const char* end,
                                  FindStop find_stop) {
    for (int block = 0; block < 2; ++block) {
      if (end - p < 16) {
        if (end - begin < 16) [[unlikely]]
          return find_stop(p, end);
        const unsigned stops = Stops::in(load(end - 16)) >> (16 - (end - p));
        return stops != 0 ? p + std::countr_zero(stops) : end;
      }
      const unsigned stops = Stops::in(load(p));
      if (stops != 0) return p + std::countr_zero(stops);
      p += 16;
    }
    return find_stop(p, end);
  }

  static const char* name_end(const char* begin, const char* p, const char* end) {
    return short_run_end<NameStops, octet_tchar>(begin, p, end);
  }
  static const char* host_end(const char* begin, const char* p, const char* end) {
    return short_run_end<HostStops, octet_host>(begin, p, end);
  }
  static const char* path_end(const char* begin, const char* p, const char* end,
                              const Scanner& scanner) {
    return long_run_end<PathStops>(begin, p, end, scanner.path_stop);
  }
  static const char* query_end(const char* begin, const char* p, const char* end,
                               const Scanner& scanner) {
    return long_run_end<QueryStops>(begin, p, end, scanner.query_stop);
  }
  static const char* value_end(const char* begin, const char* p, const char* end,
                               const Scanner& scanner) {
    return long_run_end<ValueStops>(begin, p, end, scanner.value_stop);
  }
};

}  // namespace noria::http

#endif

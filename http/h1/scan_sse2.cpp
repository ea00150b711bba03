#include "http/h1/vector_stops.hpp"

#if defined(__x86_64__)

#include <bit>

#include "http/h1/scan.hpp"

namespace noria::http {
namespace {

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

constexpr Scanner scanner{"sse2", true, path_stop, query_stop, value_stop};

}  // namespace

const Scanner& sse2_scanner() {
  return scanner;
}

}  // namespace noria::http

#endif

#include "http/h1/vector_stops.hpp"

#if defined(__x86_64__)

#include <gtest/gtest.h>

#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

template <class Stops>
void expect_class(bool (*goes_on)(char)) {
  for (int value = 0; value < 256; ++value) {
    const char octet = static_cast<char>(value);
    const unsigned stops = Stops::in(_mm_set1_epi8(octet));
    EXPECT_EQ(stops, goes_on(octet) ? 0u : 0xffffu) << value;
  }
}

TEST(VectorStops, H1_020_are_the_octet_classes) {
  expect_class<QueryStops>([](char octet) { return octet_is(octet, octet_target); });
  expect_class<PathStops>([](char octet) {
    return octet_is(octet, octet_target) && octet != '?' && octet != '%' && octet != '\\';
  });
  expect_class<ValueStops>([](char octet) { return octet_is(octet, octet_field); });
  expect_class<PlainValueStops>(
      [](char octet) { return octet_is(octet, octet_field) && octet != '\t'; });
  expect_class<NameStops>(
      [](char octet) { return octet_is(octet, octet_alpha | octet_digit) || octet == '-'; });
  expect_class<HostStops>([](char octet) { return octet_is(octet, octet_host) && octet != '_'; });
}

TEST(VectorStops, tell_the_place_of_an_octet) {
  for (int place = 0; place < 16; ++place) {
    alignas(16) char octets[16];
    std::fill_n(octets, 16, 'a');
    octets[place] = '\r';
    const __m128i vector = _mm_load_si128(reinterpret_cast<const __m128i*>(octets));
    EXPECT_EQ(ValueStops::in(vector), 1u << place);
    EXPECT_EQ(NameStops::in(vector), 1u << place);
  }
}

}  // namespace
}  // namespace pelton::http

#endif

#include <bit>
#include <cstdint>
#include <cstring>

#include "http/h1/scan.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

const char* path_stop(const char* p, const char* end) {
  while (p != end && octet_is(*p, octet_target) && *p != '?' && *p != '%' && *p != '\\') ++p;
  return p;
}

const char* query_stop(const char* p, const char* end) {
  while (p != end && octet_is(*p, octet_target)) ++p;
  return p;
}

// Tests eight octets at once: a word without CTL and DEL is skipped whole. The test may mistake an
// octet after a CTL for one, but never misses one, so the octets decide in the end.
const char* value_stop(const char* p, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  constexpr std::uint64_t tops = 0x8080808080808080u;
  while (end - p >= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof word);
    const std::uint64_t below_space = (word - ones * 0x20) & ~word & tops;
    const std::uint64_t del = word ^ (ones * 0x7f);
    if ((below_space | ((del - ones) & ~del & tops)) != 0) {
      for (const char* const stop = p + 8; p != stop; ++p) {
        if (!octet_is(*p, octet_field)) return p;
      }
      continue;
    }
    p += 8;
  }
  while (p != end && octet_is(*p, octet_field)) ++p;
  return p;
}

constexpr Scanner scanner{"portable", Scanner::Lines::octets, path_stop, query_stop, value_stop};

}  // namespace

const Scanner& portable_scanner() {
  return scanner;
}

}  // namespace pelton::http

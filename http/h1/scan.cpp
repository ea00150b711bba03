#include "http/h1/scan.hpp"

namespace pelton::http {

CpuFeatures CpuFeatures::of_this_machine() {
  CpuFeatures features;
#if defined(__x86_64__)
  features.avx2 = __builtin_cpu_supports("avx2") != 0;
#endif
  return features;
}

const Scanner& scanner_for([[maybe_unused]] CpuFeatures features) {
#if defined(__x86_64__)
  return features.avx2 ? avx2_scanner() : sse2_scanner();
#else
  return portable_scanner();
#endif
}

}  // namespace pelton::http

// Finds the first octet that is not allowed in its place: one table of functions per kind of
// machine, chosen once when a core starts. All give the same results.
#pragma once

namespace pelton::http {

// The first octet in [begin, end) that ends a run of its kind, or `end`.
using FindStop = const char* (*)(const char* begin, const char* end);

struct Scanner {
  enum class Lines : unsigned char { octets, sse2, avx2 };

  const char* name;
  Lines lines;          // how plain lines are read whole (whole_lines.hpp)
  FindStop path_stop;   // not a target octet (H1-020), or one of ? % and backslash
  FindStop query_stop;  // not a target octet
  FindStop value_stop;  // not an octet of a field value (H1-033)
};

struct CpuFeatures {
  bool avx2 = false;

  static CpuFeatures of_this_machine();
};

// The fastest scanner for such a machine.
const Scanner& scanner_for(CpuFeatures features);

// The scanner without vectors; gives the same results on every machine.
const Scanner& portable_scanner();

#if defined(__x86_64__)
const Scanner& sse2_scanner();
const Scanner& avx2_scanner();
#endif

}  // namespace pelton::http

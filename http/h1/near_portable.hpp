// Runs of a head, scanned octet by octet: the portable twin of near_sse2.hpp.
#pragma once

#include "http/h1/scan.hpp"
#include "http/message/octets.hpp"

namespace noria::http {

// Each function returns the first octet in [p, end) outside its class, or `end`. `begin` is the
// first readable octet of the buffer that p points into.
struct NearPortable {
  template <unsigned classes>
  static const char* run_end(const char* p, const char* end) {
    while (p != end && octet_is(*p, classes)) ++p;
    return p;
  }

  // May stop early at a token octet that names seldom have; the caller looks at what stopped it.
  static const char* name_end(const char*, const char* p, const char* end) {
    return run_end<octet_tchar>(p, end);
  }
  static const char* host_end(const char*, const char* p, const char* end) {
    return run_end<octet_host>(p, end);
  }
  static const char* path_end(const char*, const char* p, const char* end, const Scanner& scanner) {
    return scanner.path_stop(p, end);
  }
  static const char* query_end(const char*, const char* p, const char* end,
                               const Scanner& scanner) {
    return scanner.query_stop(p, end);
  }
  static const char* value_end(const char*, const char* p, const char* end,
                               const Scanner& scanner) {
    return scanner.value_stop(p, end);
  }
};

}  // namespace noria::http

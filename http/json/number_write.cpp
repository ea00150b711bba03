#include "http/json/number_write.hpp"

#include <algorithm>
#include <charconv>

namespace noria::http::json {

char* write_real(char* out, double value) {
  char* const end = std::to_chars(out, out + real_bytes_max, value).ptr;
  const bool bare =
      std::all_of(out, end, [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
  if (!bare) return end;
  end[0] = '.';
  end[1] = '0';
  return end + 2;
}

}  // namespace noria::http::json

// Parameters after a value, as in `form-data; name="a"` (RFC 9110 section 5.6.6), read as browsers
// write them: in a quoted value `\"` and `\\` are one octet, any other backslash is itself
// (FRM-005).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pelton::http {

struct Parameter {
  std::string_view name;
  std::string value;
};

class Parameters {
 public:
  enum class Next : std::uint8_t { parameter, end, malformed };

  // `text` is all after the value, from the first ';' on.
  explicit Parameters(std::string_view text) : rest_(text) {}
  Next next(Parameter& parameter);

 private:
  void skip_blanks();
  bool read_quoted(std::string& value);

  std::string_view rest_;
};

// The value itself: the text before the first ';', without blanks around it.
std::string_view in_front_of_parameters(std::string_view text);

}  // namespace pelton::http

#include "http/forms/file_name.hpp"

namespace pelton::http {

std::string offered_file_name(std::string_view sent) {
  const std::size_t separator = sent.find_last_of("/\\");
  if (separator != std::string_view::npos) sent.remove_prefix(separator + 1);
  std::string name;
  name.reserve(sent.size());
  for (const char octet : sent) {
    const auto value = static_cast<unsigned char>(octet);
    if (value >= 0x20 && value != 0x7f) name.push_back(octet);
  }
  if (name == "." || name == "..") name.clear();
  return name;
}

}  // namespace pelton::http

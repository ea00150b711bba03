// Which codings of stored files a client accepts (RFC 9110 section 12.5.3), best first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/message/request_head.hpp"

namespace pelton::http {

struct FileCoding {
  std::string_view name;       // in Content-Encoding
  std::string_view extension;  // of the sibling's name
  std::string_view tag;        // in the entity tag (STA-009)
};

// The codings that we support, in our order of preference.
inline constexpr std::array<FileCoding, 3> file_codings = {{
    {"zstd", ".zst", "-zst"},
    {"br", ".br", "-br"},
    {"gzip", ".gz", "-gz"},
}};

class AcceptedCodings {
 public:
  // Without Accept-Encoding the client gets the plain file.
  explicit AcceptedCodings(const RequestHead& head);

  std::span<const FileCoding* const> best_first() const { return {accepted_.data(), count_}; }

 private:
  std::array<const FileCoding*, file_codings.size()> accepted_{};
  std::size_t count_ = 0;
};

}  // namespace pelton::http

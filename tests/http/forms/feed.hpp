// Forms read in pieces, and what was heard of them as one text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/forms/multipart_parser.hpp"

namespace pelton::http {

// "[name=a file=x.txt Content-Type=text/plain]content|" for each part, "." behind a form, and
// "!reason" where it failed; "!" before that reason at the end means that the body ended too soon.
// With `cut` the body arrives in two pieces; with `piece_bytes` in pieces of so many octets.
std::string heard_of(std::string_view boundary, std::string_view body,
                     const MultipartLimits& limits, std::size_t piece_bytes, std::size_t cut = 0);

// The same at every split offset, one octet at a time and whole; fails the test where two differ.
std::string heard_at_every_split(std::string_view boundary, std::string_view body,
                                 const MultipartLimits& limits = {});

}  // namespace pelton::http

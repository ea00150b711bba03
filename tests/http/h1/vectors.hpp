// The vectors under vectors/: one input a line, with its rule and what must become of it. Their
// README tells the notation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http::testing_h1 {

struct Vector {
  enum class Outcome { accepted, refused, unfinished };

  std::string where;  // file and line
  std::string rule;
  Outcome outcome = Outcome::accepted;
  std::string reason;  // word of a refusal
  std::string octets;
  std::size_t point = 0;           // the offending octet, or the end of what is accepted
  std::vector<std::string> facts;  // `name=value` that must hold of an accepted input
};

// Reads one file; a malformed line ends the test program with its name.
std::vector<Vector> read_vectors(std::string_view file);

// All files of one kind: "head" or "chunked".
std::vector<Vector> all_vectors(std::string_view kind);

}  // namespace pelton::http::testing_h1

#include "tests/http/h1/vectors.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

namespace pelton::http::testing_h1 {
namespace {

const std::filesystem::path folder = PELTON_VECTORS;

[[noreturn]] void malformed(const std::string& where, const char* what) {
  std::cerr << where << ": " << what << '\n';
  std::abort();
}

// Undoes the notation; `\!` sets the point.
std::string decoded(const std::string& where, std::string_view text,
                    std::optional<std::size_t>& point) {
  std::string out;
  const auto take = [&](std::size_t bytes) {
    if (bytes > text.size()) malformed(where, "cut short");
    const std::string taken(text.substr(0, bytes));
    text.remove_prefix(bytes);
    return taken;
  };
  while (!text.empty()) {
    const std::string octet = take(1);
    if (octet != "\\") {
      out += octet;
      continue;
    }
    switch (take(1)[0]) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 's':
        out += ' ';
        break;
      case 'N':
        out += "\r\n";
        break;
      case '\\':
        out += '\\';
        break;
      case '!':
        point = out.size();
        break;
      case 'x':
        out += static_cast<char>(std::stoi(take(2), nullptr, 16));
        break;
      case '{': {
        const int count = std::stoi(take(text.find(' ')));
        take(1);
        const std::string repeated = decoded(where, take(text.find('}')), point);
        take(1);
        for (int index = 0; index < count; ++index) out += repeated;
        break;
      }
      default:
        malformed(where, "unknown escape");
    }
  }
  return out;
}

void read_octets(Vector& vector, std::string_view text) {
  std::optional<std::size_t> point;
  vector.octets = decoded(vector.where, text, point);
  const bool unfinished = vector.outcome == Vector::Outcome::unfinished;
  if (point.has_value() == unfinished) malformed(vector.where, "a point belongs to an outcome");
  vector.point = point.value_or(vector.octets.size());
}

std::string_view take_word(std::string_view& text) {
  const std::size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  return word;
}

}  // namespace

std::vector<Vector> read_vectors(std::string_view file) {
  std::ifstream in(folder / file);
  std::vector<Vector> vectors;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    std::string_view text = line;
    const std::string_view mark = take_word(text);
    const std::string where = std::string(file) + ':' + std::to_string(number);
    if (mark == "=") {
      if (vectors.empty()) malformed(where, "a fact of nothing");
      while (!text.empty()) vectors.back().facts.emplace_back(take_word(text));
      continue;
    }
    Vector& vector = vectors.emplace_back();
    vector.where = where;
    vector.rule = take_word(text);
    if (mark == "-") {
      vector.outcome = Vector::Outcome::refused;
      vector.reason = take_word(text);
    } else if (mark == "~") {
      vector.outcome = Vector::Outcome::unfinished;
    } else if (mark != "+") {
      malformed(where, "a line begins with + - ~ = or #");
    }
    read_octets(vector, text);
  }
  if (vectors.empty()) malformed(std::string(file), "no vectors");
  return vectors;
}

std::vector<Vector> all_vectors(std::string_view kind) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder / kind)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Vector> all;
  for (const auto& file : files) {
    for (Vector& vector : read_vectors((std::filesystem::path(kind) / file.filename()).string())) {
      all.push_back(std::move(vector));
    }
  }
  return all;
}

}  // namespace pelton::http::testing_h1

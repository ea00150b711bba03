// Damaged copies of the vectors: a few random edits each, from a seed that repeats them.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http::testing_h1 {

class Mutations {
 public:
  Mutations(std::vector<std::string> originals, std::uint32_t seed)
      : originals_(std::move(originals)), random_(seed) {}

  const std::string& next() {
    octets_ = any_original();
    for (std::uint32_t edit = 0, edits = below(4); edit <= edits; ++edit) {
      if (!octets_.empty()) damage();
    }
    return octets_;
  }

 private:
  std::uint32_t below(std::size_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  const std::string& any_original() { return originals_[below(originals_.size())]; }

  // Half of the time an octet that means something somewhere.
  char any_octet() {
    constexpr std::string_view telling = "\r\n\t :%?#/\\,;=\"[]@.-_0aF*\x7f\x80";
    return below(2) == 0 ? telling[below(telling.size())] : static_cast<char>(below(256));
  }

  void damage() {
    const std::size_t at = below(octets_.size());
    const std::size_t bytes = below(24);
    switch (below(7)) {
      case 0:
      case 1:
        octets_[at] = any_octet();
        break;
      case 2:
        octets_.insert(at, 1, any_octet());
        break;
      case 3:
        octets_.erase(at, 1 + below(3));
        break;
      case 4:
        octets_.insert(at, octets_.substr(below(octets_.size()), bytes));
        break;
      case 5:
        octets_.insert(at, bytes * bytes / 4, any_octet());
        break;
      default:
        octets_.replace(at, std::string::npos, any_original(), 0, std::string::npos);
        if (octets_.size() > 4096) octets_.resize(4096);
    }
  }

  std::vector<std::string> originals_;
  std::minstd_rand random_;
  std::string octets_;
};

}  // namespace pelton::http::testing_h1

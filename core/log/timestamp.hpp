// Wall time as log lines show it, in UTC, so that the logs of several machines can be compared.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pelton {

class Timestamp {
 public:
  explicit Timestamp(std::int64_t wall_seconds);

  // "2026-11-21T14:46:43Z"
  std::string_view iso() const { return {iso_.data(), iso_.size()}; }
  // "21/Nov/2026:14:46:43 +0000"
  std::string_view combined() const { return {combined_.data(), combined_.size()}; }
  std::int64_t wall_seconds() const { return wall_seconds_; }

 private:
  std::int64_t wall_seconds_;
  std::array<char, 20> iso_;
  std::array<char, 26> combined_;
};

}  // namespace pelton

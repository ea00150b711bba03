// What the spooled bodies of one server take in sum. It is used by the loop, by the threads that
// write bodies and by whoever holds one of them, also after the server is gone.
#pragma once

#include <atomic>
#include <cstdint>

namespace pelton::http {

class SpoolAccount {
 public:
  explicit SpoolAccount(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}
  SpoolAccount(const SpoolAccount&) = delete;
  SpoolAccount& operator=(const SpoolAccount&) = delete;

  // Takes room for so many octets; false, and nothing is taken, if there is less.
  [[nodiscard]] bool take(std::uint64_t bytes) {
    if (bytes > bytes_max_ || bytes_.fetch_add(bytes) > bytes_max_ - bytes) {
      if (bytes <= bytes_max_) bytes_.fetch_sub(bytes);
      return false;
    }
    return true;
  }
  void give_back(std::uint64_t bytes) { bytes_.fetch_sub(bytes); }
  std::uint64_t bytes() const { return bytes_.load(); }

 private:
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

}  // namespace pelton::http

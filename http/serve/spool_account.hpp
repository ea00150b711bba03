// How much the spooled bodies of one server take together. Used by the loop, by the threads that
// write bodies and by the holders of bodies, also after the server is gone.
#pragma once

#include <atomic>
#include <cstdint>

namespace pelton::http {

class SpoolAccount {
 public:
  explicit SpoolAccount(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}
  SpoolAccount(const SpoolAccount&) = delete;
  SpoolAccount& operator=(const SpoolAccount&) = delete;

  // Takes room for so many octets; false, and takes nothing, if there is less.
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

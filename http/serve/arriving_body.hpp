// The body of a request that its handler reads as it arrives: the octets that have not been taken
// yet.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/memory/output.hpp"

namespace pelton::http {

class ArrivingBody {
 public:
  explicit ArrivingBody(BlockPool& blocks) : arrived_(blocks), taken_(blocks) {}

  void append(std::string_view octets) {
    begun_ = begun_ || !octets.empty();
    arrived_.append(octets);
  }
  // The same, for octets that lie in a block already; the block moves here if no octets wait.
  void append(Output& octets) {
    if (!arrived_.empty()) {
      append(octets.view());
      return octets.release();
    }
    begun_ = begun_ || !octets.empty();
    arrived_.release();
    arrived_.take(octets);
  }
  void complete() { complete_ = true; }
  // Octets were lost for lack of memory.
  bool has_failed() const { return arrived_.has_failed(); }

  // Takes at most so many of the waiting octets; valid until the next call. If it returns none and
  // the body has not ended, the caller waits: take_news() reports when more has arrived.
  std::string_view take(std::size_t bytes_max = std::string_view::npos) {
    if (taken_at_ == taken_.size()) {
      taken_at_ = 0;
      taken_.release();
      taken_.take(arrived_);
    }
    const std::string_view octets = taken_.view().substr(taken_at_, bytes_max);
    taken_at_ += octets.size();
    awaited_ = octets.empty() && !complete_;
    return octets;
  }
  // True once for each wait: there is something to take now, or the body has ended.
  bool take_news() {
    const bool news = awaited_ && (complete_ || !arrived_.empty());
    if (news) awaited_ = false;
    return news;
  }

  std::size_t waiting_bytes() const { return arrived_.size() + taken_.size() - taken_at_; }
  bool awaited() const { return awaited_; }
  // The first octet has arrived.
  bool begun() const { return begun_; }
  bool is_complete() const { return complete_; }
  // All of it has been taken.
  bool ended() const { return complete_ && waiting_bytes() == 0; }

 private:
  Output arrived_;
  Output taken_;
  std::size_t taken_at_ = 0;
  bool begun_ = false;
  bool complete_ = false;
  bool awaited_ = false;
};

}  // namespace pelton::http

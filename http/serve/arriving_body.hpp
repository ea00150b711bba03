// The body of a request whose handler reads it as it arrives: what has come and was not taken yet.
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
  // The same of octets that lie in a block already, which moves here if nothing waits.
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
  // Some of it is not here, for lack of memory.
  bool has_failed() const { return arrived_.has_failed(); }

  // What waits, at most so much of it, valid until the next call. Whoever gets nothing of a body
  // that has not ended waits for it.
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
  // Once for each time somebody began to wait: there is something to take now, or the end.
  bool take_news() {
    const bool news = awaited_ && (complete_ || !arrived_.empty());
    if (news) awaited_ = false;
    return news;
  }

  std::size_t waiting_bytes() const { return arrived_.size() + taken_.size() - taken_at_; }
  bool awaited() const { return awaited_; }
  // An octet of it has come.
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

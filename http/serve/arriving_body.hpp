// The body of a request whose handler reads it as it arrives: what has come and was not taken yet.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/memory/output.hpp"

namespace noria::http {

class ArrivingBody {
 public:
  explicit ArrivingBody(BlockPool& blocks) : arrived_(blocks), taken_(blocks) {}

  void append(std::string_view octets) {
    begun_ = begun_ || !octets.empty();
    arrived_.append(octets);
  }
  void complete() { complete_ = true; }

  // Everything that waits, valid until the next call. Whoever gets nothing of a body that has not
  // ended waits for it.
  std::string_view take() {
    taken_.release();
    taken_.take(arrived_);
    awaited_ = taken_.empty() && !complete_;
    return taken_.view();
  }
  // Once for each time somebody began to wait: there is something to take now, or the end.
  bool take_news() {
    const bool news = awaited_ && (complete_ || !arrived_.empty());
    if (news) awaited_ = false;
    return news;
  }

  std::size_t waiting_bytes() const { return arrived_.size(); }
  bool awaited() const { return awaited_; }
  // An octet of it has come.
  bool begun() const { return begun_; }
  bool is_complete() const { return complete_; }
  // All of it has been taken.
  bool ended() const { return complete_ && arrived_.empty(); }

 private:
  Output arrived_;
  Output taken_;
  bool begun_ = false;
  bool complete_ = false;
  bool awaited_ = false;
};

}  // namespace noria::http

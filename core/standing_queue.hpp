// Estimates how long a new member of a queue will wait. One member at a time is timed from joining
// to leaving. The queue stands once two timed members in a row, the second still in the queue, have
// waited for long; so a burst or one slow member does not count.
#pragma once

#include <cstdint>

namespace pelton {

class StandingQueue {
 public:
  explicit StandingQueue(std::uint64_t long_ns) : long_ns_(long_ns) {}

  // `joined` and `left` count all members that ever joined and left.
  void look(std::uint64_t now_ns, std::uint64_t joined, std::uint64_t left) {
    if (joined == left) {
      timed_ = stands_ = was_long_ = false;
      return;
    }
    if (timed_ && left >= timed_place_) {
      const std::uint64_t waited_ns = now_ns - timed_since_ns_;
      each_ns_ = waited_ns / timed_size_;
      was_long_ = waited_ns > long_ns_;
      stands_ &= was_long_;
      timed_ = false;
    }
    if (!timed_) {
      timed_ = true;
      timed_place_ = joined;
      timed_size_ = joined - left;
      timed_since_ns_ = now_ns;
    }
    stands_ |= was_long_ && now_ns - timed_since_ns_ > long_ns_;
  }

  // The wait of a member that joins after `size` others; 0 while the queue does not stand.
  std::uint64_t wait_ns(std::uint64_t size) const { return stands_ ? size * each_ns_ : 0; }

 private:
  const std::uint64_t long_ns_;
  bool timed_ = false;
  bool was_long_ = false;  // the last timed member waited for long
  bool stands_ = false;
  std::uint64_t timed_place_ = 0;  // `left` once the timed member has left
  std::uint64_t timed_size_ = 0;
  std::uint64_t timed_since_ns_ = 0;
  std::uint64_t each_ns_ = 0;
};

}  // namespace pelton

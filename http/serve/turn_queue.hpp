// The connections that wait for their turn on a busy loop, first come, first served: with receives
// for which a turn had no time, or with requests that they have read already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/memory/output.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

// A receive whose octets were copied, because the buffers that all share are for those who are
// served.
struct WaitingReceive {
  uring::Completion completion;  // without a buffer
  Output octets;
};

// Those of one connection, in the order in which they came. Lent by the server while there are any,
// then reused.
class WaitingReceives {
 public:
  void add(const uring::Completion& completion, Output&& octets) {
    receives_.push_back({completion, std::move(octets)});
  }
  WaitingReceive take_first() {
    WaitingReceive first = std::move(receives_[taken_++]);
    if (taken_ == receives_.size()) clear();
    return first;
  }
  void clear() {
    receives_.clear();
    taken_ = 0;
  }
  std::size_t size() const { return receives_.size() - taken_; }
  bool empty() const { return size() == 0; }

 private:
  std::vector<WaitingReceive> receives_;
  std::size_t taken_ = 0;
};

class TurnQueue {
 public:
  TurnQueue() = default;
  TurnQueue(const TurnQueue&) = delete;
  TurnQueue& operator=(const TurnQueue&) = delete;

  // A connection is in here once at most. Everything that had happened by `seen_ns` was known
  // before what it waits with came.
  void join(uring::Token place, std::uint64_t seen_ns) {
    if (size() == places_.size()) [[unlikely]]
      grow();
    at(joined_++) = {place, seen_ns};
  }
  // The place of the one whose turn it is; it may have ended.
  uring::Token take_first() { return at(left_++).place; }

  bool empty() const { return joined_ == left_; }
  std::size_t size() const { return joined_ - left_; }
  // Of the one whose turn comes next.
  std::uint64_t seen_ns() const { return places_[left_ & (places_.size() - 1)].seen_ns; }
  // How many ever did.
  std::uint64_t joined() const { return joined_; }
  std::uint64_t left() const { return left_; }

 private:
  struct Waiting {
    uring::Token place;
    std::uint64_t seen_ns = 0;
  };

  static constexpr std::size_t places_min = 64;

  Waiting& at(std::uint64_t number) { return places_[number & (places_.size() - 1)]; }
  void grow() {
    std::vector<Waiting> larger(2 * places_.size());
    for (std::uint64_t number = left_; number != joined_; ++number) {
      larger[number & (larger.size() - 1)] = at(number);
    }
    places_.swap(larger);
  }

  // A ring: who joins as the n-th lies at n modulo its size, a power of two.
  std::vector<Waiting> places_ = std::vector<Waiting>(places_min);
  std::uint64_t joined_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace pelton::http

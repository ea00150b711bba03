// The connections that wait for their turn on a busy loop, first come, first served. Each waits
// with receives that did not fit in a turn, or with requests that it has already read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/memory/output.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

// A receive whose octets were copied, so that its shared buffer is free for connections that are
// being served.
struct WaitingReceive {
  uring::Completion completion;  // without a buffer
  Output octets;
};

// The waiting receives of one connection, oldest first. The server lends one to a connection that
// needs it and reuses it later.
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

// Work with a time budget reads the clock only now and then. `done` pieces took `elapsed_ns`, so
// after this many more pieces about half of the remaining budget is used.
inline std::uint64_t count_until_look(std::uint64_t done, std::uint64_t elapsed_ns,
                                      std::uint64_t budget_ns) {
  constexpr std::uint64_t count_max = 16;
  const std::uint64_t expected = (budget_ns - elapsed_ns) * done / (2 * elapsed_ns + 1);
  return std::clamp<std::uint64_t>(expected, 1, count_max);
}

class TurnQueue {
 public:
  TurnQueue() = default;
  TurnQueue(const TurnQueue&) = delete;
  TurnQueue& operator=(const TurnQueue&) = delete;

  // A connection is queued at most once. All that had arrived by `seen_ns` was known before what
  // the connection waits with.
  void join(uring::Token place, std::uint64_t seen_ns) {
    if (size() == places_.size()) [[unlikely]]
      grow();
    at(joined_++) = {place, seen_ns};
  }
  // The place of the connection whose turn it is; the connection may have ended.
  uring::Token take_first() { return at(left_++).place; }

  bool empty() const { return joined_ == left_; }
  std::size_t size() const { return joined_ - left_; }
  // Of the connection whose turn is next.
  std::uint64_t seen_ns() const { return places_[left_ & (places_.size() - 1)].seen_ns; }
  // How many have joined, and left, since the start.
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

  // A ring: the n-th to join lies at n modulo its size, a power of two.
  std::vector<Waiting> places_ = std::vector<Waiting>(places_min);
  std::uint64_t joined_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace pelton::http

// The connections that wait for their turn on a busy loop, first come, first served: with receives
// for which a turn had no time, or with requests that they have read already.
#pragma once

#include <cstdint>
#include <deque>

#include "core/memory/output.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

// A receive whose octets were copied, because the buffers that all share are for those who are
// served.
struct WaitingReceive {
  uring::Completion completion;  // without a buffer
  Output octets;
};

class TurnQueue {
 public:
  TurnQueue() = default;
  TurnQueue(const TurnQueue&) = delete;
  TurnQueue& operator=(const TurnQueue&) = delete;

  // A connection is in here once at most. Everything that had happened by `seen_ns` was known
  // before what it waits with came.
  void join(uring::Token place, std::uint64_t seen_ns) {
    places_.push_back({place, seen_ns});
    ++joined_;
  }
  // The place of the one whose turn it is; it may have ended.
  uring::Token take_first() {
    const uring::Token first = places_.front().place;
    places_.pop_front();
    ++left_;
    return first;
  }

  bool empty() const { return places_.empty(); }
  std::size_t size() const { return places_.size(); }
  // Of the one whose turn comes next.
  std::uint64_t seen_ns() const { return places_.front().seen_ns; }
  // How many ever did.
  std::uint64_t joined() const { return joined_; }
  std::uint64_t left() const { return left_; }

 private:
  struct Waiting {
    uring::Token place;
    std::uint64_t seen_ns;
  };

  std::deque<Waiting> places_;
  std::uint64_t joined_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace pelton::http

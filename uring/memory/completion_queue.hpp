// Completions that do not fit into the caller's array yet, first in, first out. The queue keeps its
// memory between turns, so a steady state allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "uring/engine.hpp"

namespace pelton::uring {

class CompletionQueue {
 public:
  bool empty() const { return head_ == items_.size(); }
  std::size_t size() const { return items_.size() - head_; }
  void push(const Completion& completion) { items_.push_back(completion); }

  // Moves as many completions as fit into `out` and returns their number.
  std::size_t take(std::span<Completion> out) {
    const std::size_t count = std::min(out.size(), size());
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(head_);
    std::copy_n(first, count, out.begin());
    head_ += count;
    if (empty()) {
      items_.clear();
      head_ = 0;
    } else if (head_ > items_.size() / 2) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return count;
  }

 private:
  std::vector<Completion> items_;
  std::size_t head_ = 0;
};

}  // namespace pelton::uring

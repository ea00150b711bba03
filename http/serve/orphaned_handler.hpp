// Handlers that still run although their exchange is over: the client has left, or the handler was
// cancelled and cleans up. Each counts as running (LIM-033) and keeps its time limit (CON-005)
// until it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/intrusive_list.hpp"
#include "core/timer_wheel.hpp"

namespace pelton::http {

class OrphanedHandlers;

struct OrphanNode : ListNode {};

// Lives as long as the handler, and may outlive the server, which then no longer counts it.
class OrphanedHandler final : public OrphanNode, public TimerNode {
 public:
  // The time limit has come. Called once, on the loop's thread; may destroy the OrphanedHandler.
  using Expire = void (*)(void* context);

  // `limit_ms` is on the server's clock; TimerWheel::no_deadline_ms for none. `share` is kept until
  // the handler ends: its owner counts by it.
  OrphanedHandler(OrphanedHandlers& all, std::uint64_t limit_ms, Expire at_limit, void* context,
                  std::shared_ptr<const void> share = nullptr);
  OrphanedHandler(const OrphanedHandler&) = delete;
  OrphanedHandler& operator=(const OrphanedHandler&) = delete;
  ~OrphanedHandler();

  void expire() const { expire_(context_); }
  // The server is gone.
  void forget_server() { all_ = nullptr; }

 private:
  OrphanedHandlers* all_;  // null once the server is gone
  const Expire expire_;
  void* const context_;
  const std::shared_ptr<const void> share_;
};

// The orphaned handlers of one server.
class OrphanedHandlers {
 public:
  explicit OrphanedHandlers(std::uint64_t now_ms) : limits_(now_ms) {}
  OrphanedHandlers(const OrphanedHandlers&) = delete;
  OrphanedHandlers& operator=(const OrphanedHandlers&) = delete;
  ~OrphanedHandlers();

  // Called by the constructor and the destructor of OrphanedHandler.
  void enter(OrphanedHandler& handler, std::uint64_t limit_ms);
  void leave(OrphanedHandler& handler);

  std::size_t count() const { return count_; }
  // Takes out the limit of a handler that has reached it, and returns the handler; null if none
  // has.
  OrphanedHandler* pop_due(std::uint64_t now_ms) {
    return static_cast<OrphanedHandler*>(limits_.pop_due(now_ms));
  }
  // No time limit comes before this.
  std::uint64_t next_wake_ms() const { return limits_.next_wake_ms(); }

 private:
  IntrusiveList<OrphanedHandler, OrphanNode> handlers_;
  TimerWheel limits_;
  std::size_t count_ = 0;
};

}  // namespace pelton::http

// The turn of an asyncio event loop: it runs timers that are due, callbacks that are ready, and
// watchers of ready descriptors. Beside a server the loop shares the server's engine; alone it has
// an engine of its own.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/fork_guard.hpp"
#include "core/standing_queue.hpp"
#include "core/stats.hpp"
#include "core/wake.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/descriptor_watches.hpp"
#include "pymod/loop/ready_queue.hpp"
#include "pymod/loop/timer_heap.hpp"
#include "uring/choice.hpp"
#include "uring/engine.hpp"
#include "uring/loop.hpp"

namespace pelton::py {

struct HandleObject;

class EventLoop final : public uring::Work {
 public:
  EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() override { close(); }

  // --- objects to run ---
  void push(OwnedRef object, RunReason reason = RunReason::handle) {
    ready_.push(std::move(object), reason);
  }
  void push_timer(double when, OwnedRef handle, HandleObject* native);
  void forget_timer(HandleObject& handle) { timers_.remove(&handle); }
  bool forget_foreign_timer(PyObject* handle) { return timers_.remove_foreign(handle); }
  DescriptorWatches& watches() { return watches_; }
  // A buffer to receive octets whose number is not known yet; valid within one call.
  std::span<char> scratch() {
    if (!scratch_) [[unlikely]]
      scratch_ = std::make_unique_for_overwrite<char[]>(scratch_bytes);
    return {scratch_.get(), scratch_bytes};
  }
  // Called before a removal from watches(): a forked child must not touch the engine any more.
  void leave_engine_of_parent();
  // Called after a removal from watches(), as the descriptor may be closed now and its address used
  // again. While a poll of a closed socket is in flight, a ring keeps the socket open, and its peer
  // does not learn of the close.
  void release_removed();
  // A callback has come from another thread, which holds the interpreter lock.
  void rouse() {
    if (waiting_ || engine_ == nullptr) wake();
  }

  // --- running ---
  // Shares this engine from now on until detach().
  void attach(uring::Engine& engine);
  void detach();
  // Opens an engine of its own unless it has one; false with OSError set.
  bool open(uring::EngineRequest request);
  // Makes turns until stop(); false with the error set that a callback or a signal handler has
  // raised.
  bool run();
  // One turn that waits no longer than `wait_ns`; otherwise like run().
  bool turn(std::uint64_t wait_ns);
  void stop() { stopping_ = true; }
  void forget_stop() { stopping_ = false; }
  bool stopping() const { return stopping_; }
  // The exception of a callback that must end the run of the loop; null if there is none.
  OwnedRef take_raised() { return std::move(raised_); }
  bool has_raised() const { return static_cast<bool>(raised_); }
  // A number that differs in each round of callbacks.
  std::uint32_t round() const { return round_; }
  // Whether something is ready to run.
  bool busy() const { return !ready_.empty(); }
  // Drops everything, the engine last.
  void close();
  bool closed() const { return closed_; }
  const char* engine_name() const;
  // Whether the engine reports each readiness only once (Engine::poll_news).
  bool tells_news_only() const {
    return engine_ != nullptr && engine_->kind() == uring::EngineKind::ring;
  }

  // Releases the interpreter lock during a wait, and notes that rouse() must wake the loop.
  uring::WaitHook around_wait();

  // --- Work ---
  void settle(std::uint64_t seen_ns) override;
  std::uint64_t next_deadline_ns() const override;
  void complete(std::span<const uring::Completion> batch) override;
  // How long a callback that becomes ready now waits for the ready callbacks before it.
  std::uint64_t wait_ns() const override { return standing_.wait_ns(ready_.size()); }

  int traverse(visitproc visit, void* arg) const;

  static double now_seconds();

  // What one read takes at most, as in asyncio's transports.
  static constexpr std::size_t scratch_bytes = std::size_t{256} * 1024;

 private:
  static constexpr std::size_t completions_per_turn = 256;
  static constexpr std::uint64_t wait_long_ns = 60'000'000;

  bool turn_until(std::uint64_t deadline_ns);
  void move_due(double now);
  // False if a callback has raised an exception that ends the turn. Beside a server the rest of a
  // long round waits for the next turn.
  bool run_round(std::uint64_t until_ns);
  void run_rounds(std::uint64_t seen_ns);
  void time_queue();
  void wake();
  void arm_wake();

  ReadyQueue ready_;
  TimerHeap timers_;
  DescriptorWatches watches_;
  std::unique_ptr<char[]> scratch_;

  uring::Engine* engine_ = nullptr;
  std::unique_ptr<uring::Engine> own_engine_;
  // The completions of one turn; a member, since making it costs more than a turn that finds
  // nothing.
  std::array<uring::Completion, completions_per_turn> batch_;
  std::optional<ForkGuard> fork_guard_;  // of `engine_`
  Stats stats_;
  std::optional<Wake> wake_;
  bool wake_armed_ = false;
  int turns_behind_ = 0;  // turns in a row that left completions with the engine
  bool waiting_ = false;
  bool stopping_ = false;
  std::uint32_t round_ = 0;
  std::uint64_t callbacks_run_ = 0;
  StandingQueue standing_{wait_long_ns};
  bool queue_timed_ = false;
  bool closed_ = false;
  OwnedRef raised_;
  PyThreadState* thread_ = nullptr;
};

}  // namespace pelton::py

#include "pymod/loop/event_loop.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "core/monotonic.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/handle_object.hpp"

namespace pelton::py {

using uring::Completion;
using uring::Operation;
using uring::Token;

namespace {

// Callbacks that callbacks have made ready run in further rounds, without a poll of the descriptors
// in between: at most so many rounds in one turn, none beginning later than this after the first.
constexpr int rounds_max = 4;
constexpr double rounds_s_max = 50e-6;
// Beside a server callbacks have so much time in a turn; the clock is read after every so many of
// them.
constexpr std::uint64_t round_ns_max = 1'000'000;
constexpr std::size_t callbacks_unclocked = 4;
// As time.get_clock_info("monotonic").resolution: a timer this close is due.
constexpr double resolution_s = 1e-9;
// A cancelled poll ends at once, unless the engine has failed.
constexpr int turns_to_end = 64;
constexpr std::uint64_t turn_to_end_ns = 1'000'000;
// Each turn brings twenty completions or more.
constexpr int turns_behind_max = 64;
constexpr double wait_s_max = 24 * 3600;
constexpr std::uint32_t wake_slot = 0xFFFF'FFFF;
constexpr Token wake_token(Operation::poll, 1, wake_slot);

}  // namespace

double EventLoop::now_seconds() {
  return static_cast<double>(monotonic_ns()) * 1e-9;
}

void EventLoop::push_timer(double when, OwnedRef handle, HandleObject* native) {
  timers_.push(when, std::move(handle), native);
}

// --- the engine ---

void EventLoop::attach(uring::Engine& engine) {
  if (engine_ == &engine) return;
  engine_ = &engine;
  fork_guard_.emplace();
  if (!wake_) wake_.emplace();
  watches_.attach(engine);
  arm_wake();
}

// The operations of a ring must end on the ring's own thread, which is this one.
void EventLoop::detach() {
  if (engine_ == nullptr) return;
  watches_.call_off();
  if (wake_armed_) engine_->cancel(Token(Operation::cancel, 0, wake_slot), wake_token);
  for (int turn = 0; turn < turns_to_end && (wake_armed_ || watches_.in_flight() > 0); ++turn) {
    const std::size_t count = engine_->turn(batch_, monotonic_ns() + turn_to_end_ns, {});
    for (const Completion& completion : std::span(batch_).first(count)) {
      if (completion.token.operation() != Operation::poll || completion.more) continue;
      if (completion.token == wake_token) {
        wake_armed_ = false;
      } else {
        watches_.ended();
      }
    }
  }
  watches_.detach();
  wake_armed_ = false;
  engine_ = nullptr;
}

bool EventLoop::open(uring::EngineRequest request) {
  if (engine_ != nullptr) return true;
  // Any thread may run the loop, and a process may have many loops.
  const uring::EngineOptions options{.receive_buffer_count = 8,
                                     .receive_buffer_bytes = 4096,
                                     .submission_entries = 64,
                                     .completion_entries = 512,
                                     .one_thread = false,
                                     .waits_at_once = true};
  auto choice = uring::choose_engine(request, options, stats_);
  if (!choice) {
    PyErr_Format(PyExc_OSError, "the event loop has no engine: %s; %s",
                 choice.error().cause.c_str(), choice.error().remedy.c_str());
    return false;
  }
  own_engine_ = std::move(choice->engine);
  attach(*own_engine_);
  return true;
}

void EventLoop::leave_engine_of_parent() {
  if (!fork_guard_ || fork_guard_->owns()) [[likely]]
    return;
  watches_.detach();
  wake_armed_ = false;
  engine_ = nullptr;
}

const char* EventLoop::engine_name() const {
  if (engine_ == nullptr) return nullptr;
  return engine_->kind() == uring::EngineKind::ring ? "uring" : "epoll";
}

void EventLoop::close() {
  if (std::exchange(closed_, true)) return;
  ready_.clear();
  timers_.clear();
  leave_engine_of_parent();
  watches_.clear();
  detach();
  own_engine_.reset();
  wake_.reset();
}

// --- waiting and waking ---

// Does nothing in a forked child, which shares the eventfd with its parent.
void EventLoop::wake() {
  if (wake_ && (!fork_guard_ || fork_guard_->owns())) wake_->signal();
}

void EventLoop::arm_wake() {
  if (wake_armed_ || engine_ == nullptr) return;
  wake_armed_ = true;
  engine_->poll_news(wake_token, wake_->descriptor(), POLLIN);
}

uring::WaitHook EventLoop::around_wait() {
  const auto let_go = [](void* context) {
    auto& loop = *static_cast<EventLoop*>(context);
    loop.waiting_ = true;
    loop.thread_ = PyEval_SaveThread();
  };
  const auto take_again = [](void* context) {
    auto& loop = *static_cast<EventLoop*>(context);
    PyEval_RestoreThread(loop.thread_);
    loop.waiting_ = false;
  };
  return {.before = let_go, .after = take_again, .context = this};
}

// --- the turn ---

void EventLoop::move_due(double now) {
  while (!timers_.empty() && timers_.first_when() < now + resolution_s) ready_.push(timers_.pop());
}

// As in asyncio: runs callbacks that are ready now; those that they make ready run in the next
// round.
bool EventLoop::run_round(std::uint64_t until_ns) {
  ++round_;
  const std::size_t count = ready_.size();
  for (std::size_t index = 0; index < count && !ready_.empty(); ++index) {
    const Ready ready = ready_.pop();
    ++callbacks_run_;
    const bool goes_on = run_ready(ready);
    fork_guard_->require_owner();  // or a child that the callback has forked would run the others
    if (goes_on) [[likely]] {
      const bool looks = index % callbacks_unclocked == callbacks_unclocked - 1;
      if (looks && until_ns != uring::no_deadline && monotonic_ns() >= until_ns) return true;
      continue;
    }
    raised_ = OwnedRef(take_exception());
    return false;
  }
  return true;
}

// A timer that is due while callbacks run comes after the descriptors that are ready by then, as in
// asyncio.
void EventLoop::settle(std::uint64_t seen_ns) {
  run_rounds(seen_ns);
  if (!ready_.empty() || queue_timed_) [[unlikely]]
    time_queue();
}

// Beside a server: requests are refused when ready callbacks have waited too long for some time
// (PRC-040).
void EventLoop::time_queue() {
  if (own_engine_) return;
  queue_timed_ = !ready_.empty();
  standing_.look(monotonic_ns(), callbacks_run_ + ready_.size(), callbacks_run_);
}

void EventLoop::run_rounds(std::uint64_t seen_ns) {
  watches_.take_called_off();  // the engine has just had its turn
  // Most turns of a server find nothing here.
  if (ready_.empty() && timers_.empty()) [[likely]]
    return;
  if (raised_) return;
  const double begin = now_seconds();
  const std::uint64_t until_ns =
      own_engine_ ? uring::no_deadline : static_cast<std::uint64_t>(begin * 1e9) + round_ns_max;
  const double seen = static_cast<double>(seen_ns) * 1e-9;
  double now = begin;
  for (int round = 1;; ++round) {
    move_due(std::min(now, seen));
    if (!run_round(until_ns) || ready_.empty() || stopping_ || round == rounds_max) return;
    // A socket whose poll this round cancels may be closed in the next: the ring must learn of the
    // cancellation in between, or it keeps the closed socket's port.
    if (tells_news_only() && watches_.called_off()) return;
    now = now_seconds();
    if (now - begin > rounds_s_max) return;
  }
}

std::uint64_t EventLoop::next_deadline_ns() const {
  if (!ready_.empty() || stopping_ || raised_) return 0;
  if (timers_.empty()) return uring::no_deadline;
  const double now = now_seconds();
  const double wait = std::min(timers_.first_when() - now, wait_s_max);
  return wait > 0 ? static_cast<std::uint64_t>(std::ceil((now + wait) * 1e9)) : 0;
}

void EventLoop::complete(std::span<const Completion> batch) {
  for (const Completion& completion : batch) {
    if (completion.token.operation() != Operation::poll) continue;
    if (completion.token.slot() != wake_slot) {
      watches_.completed(completion, ready_);
      continue;
    }
    // Each signal is reported, whether the signals before it were drained or not.
    if (!completion.more || !tells_news_only()) wake_->drain();
    if (!completion.more) {
      wake_armed_ = false;
      arm_wake();
    }
  }
}

bool EventLoop::turn_until(std::uint64_t deadline_ns) {
  // Events from outside come first, as in asyncio.
  const std::size_t count =
      engine_->turn(batch_, std::min(deadline_ns, next_deadline_ns()), around_wait());
  complete(std::span(batch_).first(count));
  if (count == 0 && PyErr_CheckSignals() != 0) return false;
  // Bounded, so that timers do not wait for ever while the engine always has completions left.
  turns_behind_ =
      engine_->left_behind() && turns_behind_ < turns_behind_max ? turns_behind_ + 1 : 0;
  settle(turns_behind_ == 0 ? uring::no_deadline : 0);
  if (!raised_) [[likely]]
    return true;
  OwnedRef raised = take_raised();
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.get())), raised.get());
  return false;
}

bool EventLoop::turn(std::uint64_t wait_ns) {
  return turn_until(wait_ns == uring::no_deadline ? wait_ns : monotonic_ns() + wait_ns);
}

bool EventLoop::run() {
  std::size_t turns = 0;
  bool goes_on = true;
  do {
    goes_on = turn_until(uring::no_deadline);
    // A loop that is always busy never waits, and so never sees an EINTR.
    if (goes_on && ++turns % 64 == 0 && PyErr_CheckSignals() != 0) goes_on = false;
  } while (goes_on && !stopping_);
  release_removed();  // the loop may not run again soon
  return goes_on;
}

void EventLoop::release_removed() {
  if (!watches_.take_called_off() || !tells_news_only()) return;
  engine_->turn({}, 0, {});
}

int EventLoop::traverse(visitproc visit, void* arg) const {
  if (const int result = ready_.traverse(visit, arg); result != 0) return result;
  if (const int result = timers_.traverse(visit, arg); result != 0) return result;
  return watches_.traverse(visit, arg);
}

}  // namespace pelton::py

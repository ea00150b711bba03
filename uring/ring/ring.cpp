#include "uring/ring/ring.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "core/check.hpp"
#include "core/monotonic.hpp"
#include "uring/limits.hpp"
#include "uring/ring/abi.hpp"
#include "uring/ring/ops/accept.hpp"
#include "uring/ring/ops/cancel.hpp"
#include "uring/ring/ops/close.hpp"
#include "uring/ring/ops/nop.hpp"
#include "uring/ring/ops/poll.hpp"
#include "uring/ring/ops/receive.hpp"
#include "uring/ring/ops/send.hpp"
#include "uring/sockets/socket_options.hpp"

namespace pelton::uring {

namespace {

constexpr std::uint16_t receive_group = 0;
std::uint32_t load_acquire(const unsigned* word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
std::uint32_t load_relaxed(const unsigned* word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
void store_release(unsigned* word, std::uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

}  // namespace

std::expected<std::unique_ptr<RingEngine>, SetUpFailure> RingEngine::open(
    const EngineOptions& options, Stats& stats) {
  auto set_up =
      set_up_ring(options.submission_entries, options.completion_entries, options.one_thread);
  if (!set_up) return std::unexpected(set_up.error());
  std::unique_ptr<RingEngine> engine(new RingEngine(*set_up, stats));
  engine->waits_at_once_ = options.waits_at_once;
  if (auto registered = engine->register_buffers(options); !registered) {
    return std::unexpected(registered.error());
  }
  if (auto entered = engine->learn_to_enter(set_up->features, options.one_thread); !entered) {
    return std::unexpected(entered.error());
  }
  return engine;
}

RingEngine::RingEngine(const SetUp& set_up, Stats& stats) : ring_(set_up.ring), stats_(stats) {
  // Slot n of the array always names entry n of the queue, so the array is written only once. Newer
  // versions of liburing request a ring without the array.
  if (ring_.sq.array == nullptr) return;
  for (std::uint32_t index = 0; index < ring_.sq.ring_entries; ++index) {
    ring_.sq.array[index] = index;
  }
}

RingEngine::~RingEngine() {
  // In a forked child the operations belong to the parent and are left alone (ENG-052).
  if (fork_guard_.owns()) {
    end_operations();
    give_number_back();
  }
  // The ring closes before the buffers are freed: until then the kernel may write to them.
  io_uring_queue_exit(&ring_);
}

std::expected<void, SetUpFailure> RingEngine::register_buffers(const EngineOptions& options) {
  std::uint32_t count = options.receive_buffer_count;
  while (true) {
    auto buffers = BufferRing::map(count, options.receive_buffer_bytes);
    int error = ENOMEM;
    if (buffers) {
      io_uring_buf_reg registration{};
      registration.ring_addr = reinterpret_cast<std::uintptr_t>((*buffers)->ring_address());
      registration.ring_entries = count;
      registration.bgid = receive_group;
      error = -io_uring_register_buf_ring(&ring_, &registration, 0);
      if (error == 0) {
        buffers_ = std::move(*buffers);
        return {};
      }
    }
    if (error != ENOMEM || count <= receive_buffer_count_floor) {
      return std::unexpected(SetUpFailure{error, "io_uring_register(PBUF_RING)"});
    }
    count /= 2;
  }
}

std::expected<void, SetUpFailure> RingEngine::learn_to_enter(std::uint32_t features,
                                                             bool one_thread) {
  enter_descriptor_ = ring_.ring_fd;
  // These only save time or threads: a kernel without them serves as well.
  if (one_thread) take_number();
  unsigned workers_max[2] = {kernel_workers_max, kernel_workers_max};
  io_uring_register_iowq_max_workers(&ring_, workers_max);
  if ((features & feature_no_iowait) != 0) enter_flags_ |= enter_no_iowait;
  if (auto started = start_ring(ring_); !started) return started;

  // Tries a wait whose end has passed, first as a point in time, then as a span for kernels that do
  // not know points in time. ETIME means that it works.
  int error = try_enter(enter_absolute_timer);
  absolute_deadlines_ = error == ETIME;
  if (error == EINVAL) error = try_enter(0);
  if (error != ETIME) return std::unexpected(SetUpFailure{error, "io_uring_enter"});
  return {};
}

// A number is valid on one thread; on another it is free or names another ring. liburing is not
// given the number, because it would give it back on whatever thread closes the ring.
void RingEngine::take_number() {
  io_uring_rsrc_update number{};
  number.offset = ~0u;  // any free number
  number.data = static_cast<std::uint64_t>(ring_.ring_fd);
  if (::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_RING_FDS, &number, 1) != 1) {
    return;
  }
  enter_descriptor_ = static_cast<int>(number.offset);
  enter_flags_ |= IORING_ENTER_REGISTERED_RING;
  numbered_on_ = std::this_thread::get_id();
}

// Does nothing on another thread: the number then stays taken until its own thread ends.
void RingEngine::give_number_back() {
  if (numbered_on_ != std::this_thread::get_id()) return;
  io_uring_rsrc_update number{};
  number.offset = static_cast<std::uint32_t>(enter_descriptor_);
  ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_UNREGISTER_RING_FDS, &number, 1);
}

int RingEngine::try_enter(std::uint32_t flags) {
  __kernel_timespec past{.tv_sec = 0, .tv_nsec = 1};
  io_uring_getevents_arg argument{};
  argument.sigmask_sz = _NSIG / 8;
  argument.ts = reinterpret_cast<std::uintptr_t>(&past);
  return -io_uring_enter2(static_cast<unsigned>(enter_descriptor_), 0, 1,
                          enter_flags_ | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | flags,
                          reinterpret_cast<sigset_t*>(&argument), sizeof argument);
}

void RingEngine::accept(Token token, Descriptor listener) {
  prepare_accept(token, listener, multishot_accept_);
}

void RingEngine::accept_one(Token token, Descriptor listener) {
  prepare_accept(token, listener, false);
}

void RingEngine::prepare_accept(Token token, Descriptor listener, bool multishot) {
  if (token.slot() >= listeners_.size()) listeners_.resize(token.slot() + 1);
  if (listeners_[token.slot()].descriptor != listener) {
    listeners_[token.slot()] = {.descriptor = listener, .listened = is_listening(listener)};
  }
  ops::prepare_accept(next_entry(), token, listener, multishot);
}

void RingEngine::receive(Token token, Descriptor socket) {
  ops::prepare_receive(next_entry(), token, socket, receive_group, multishot_receive_);
}

void RingEngine::receive_into(Token token, Descriptor socket, std::span<char> memory) {
  ops::prepare_receive_into(next_entry(), token, socket, memory);
}

void RingEngine::send(Token token, Descriptor socket, std::span<const char> octets) {
  ops::prepare_send(next_entry(), token, socket, octets);
}

std::int32_t RingEngine::send_at_once(Descriptor socket, std::span<const char> octets) {
  constexpr std::size_t bytes_min = std::size_t{8} * 1024;
  if (octets.size() < bytes_min) return -EAGAIN;
  fork_guard_.require_owner();
  ssize_t bytes = 0;
  do {
    bytes = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  return bytes < 0 ? -errno : static_cast<std::int32_t>(std::min<ssize_t>(bytes, INT32_MAX));
}

void RingEngine::shutdown(Token token, Descriptor socket) {
  shutdowns_.push_back({token, socket});
  ++in_flight_;
}

void RingEngine::close(Token token, Descriptor descriptor) {
  ops::prepare_close(next_entry(), token, descriptor);
}

void RingEngine::cancel(Token token, Token target) {
  ops::prepare_cancel(next_entry(), token, target);
}

void RingEngine::poll(Token token, Descriptor descriptor, std::uint32_t events) {
  ops::prepare_poll(next_entry(), token, descriptor, events);
}

void RingEngine::poll_news(Token token, Descriptor descriptor, std::uint32_t events) {
  // A multishot poll does not report again a FIN that came with the last octets, nor octets after
  // urgent data: POLLRDHUP, POLLPRI and POLLRDBAND show these cases. A poll woken once reports the
  // events of that wake-up, and any octet wakes with POLLPRI and POLLRDBAND. A poll woken twice
  // before it reports, as by urgent data, asks the socket, which never reports POLLRDBAND.
  const std::uint32_t urgent = (events & POLLIN) != 0 ? POLLPRI | POLLRDBAND : 0;
  ops::prepare_poll_news(next_entry(), token, descriptor, events | POLLRDHUP | urgent);
}

void RingEngine::nop(Token token) {
  ops::prepare_nop(next_entry(), token);
}

bool RingEngine::has_unread(Descriptor socket) {
  return has_unread_octets(socket);
}

PeerState RingEngine::peer_state(Descriptor socket) {
  return peer_state_of(socket);
}

void RingEngine::reset(Descriptor socket) {
  fork_guard_.require_owner();
  close_with_reset(socket);
}

std::size_t RingEngine::turn(std::span<Completion> out, std::uint64_t deadline_ns,
                             const WaitHook& hook) {
  fork_guard_.require_owner();
  buffers_->publish();
  const std::uint32_t flags = kernel_flags();
  if ((flags & IORING_SQ_CQ_OVERFLOW) != 0) [[unlikely]] {
    if (const std::size_t count = collect_overflow(out); count > 0) return count;
  }
  if (!queued_.empty()) [[unlikely]]
    submit_queued();

  const std::uint32_t submit_count = submittable(deadline_ns);
  if (submit_count > 0 || (flags & IORING_SQ_TASKRUN) != 0) {
    // If no hook must be called, or it may be called early, submitting and waiting are one call.
    const bool waits = (hook.before == nullptr || waits_at_once_) && absolute_deadlines_ &&
                       deadline_ns != 0 && shutdowns_.empty() && !completions_ready();
    if (waits && hook.before != nullptr) hook.before(hook.context);
    enter(submit_count, waits ? 1 : 0, deadline_ns);
    if (waits && hook.after != nullptr) hook.after(hook.context);
    if (waits) return reap(out);
  }

  std::size_t count = perform_shutdowns(out);
  count += reap(out.subspan(count));
  if (count > 0 || deadline_ns == 0) return count;
  if (deadline_ns != no_deadline && deadline_ns <= monotonic_ns()) return 0;

  if (hook.before != nullptr) hook.before(hook.context);
  enter(submittable(deadline_ns), 1, deadline_ns);
  if (hook.after != nullptr) hook.after(hook.context);
  return reap(out);
}

// The kernel runs at most twenty pieces of deferred work for a caller that does not wait.
bool RingEngine::left_behind() const {
  constexpr std::uint32_t more = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
  return (kernel_flags() & more) != 0 || completions_ready() || !queued_.empty();
}

io_uring_sqe& RingEngine::next_entry() {
  fork_guard_.require_owner();
  ++in_flight_;
  if (prepared() == ring_.sq.ring_entries || !queued_.empty()) [[unlikely]] {
    return next_entry_when_full();
  }
  return ring_.sq.sqes[submission_tail_++ & ring_.sq.ring_mask];
}

io_uring_sqe& RingEngine::next_entry_when_full() {
  // Entries already in `queued_` go first: a cancel must not overtake its target.
  if (queued_.empty() && submit_retry_ns_ == 0) {
    enter(prepared(), 0, no_deadline);
    if (prepared() < ring_.sq.ring_entries) {
      return ring_.sq.sqes[submission_tail_++ & ring_.sq.ring_mask];
    }
  }
  return queued_.emplace_back();
}

void RingEngine::submit_queued() {
  std::size_t taken = 0;
  while (taken < queued_.size()) {
    while (taken < queued_.size() && prepared() < ring_.sq.ring_entries) {
      ring_.sq.sqes[submission_tail_++ & ring_.sq.ring_mask] = queued_[taken++];
    }
    if (taken == queued_.size()) break;
    std::uint64_t deadline_ns = no_deadline;
    const std::uint32_t submit_count = submittable(deadline_ns);
    if (submit_count == 0) break;
    const std::uint32_t prepared_before = prepared();
    enter(submit_count, 0, no_deadline);
    if (prepared() == prepared_before) break;
  }
  queued_.erase(queued_.begin(), queued_.begin() + static_cast<std::ptrdiff_t>(taken));
}

std::uint32_t RingEngine::kernel_flags() const {
  return load_relaxed(ring_.sq.kflags);
}

bool RingEngine::completions_ready() const {
  return load_acquire(ring_.cq.ktail) != load_relaxed(ring_.cq.khead);
}

std::uint32_t RingEngine::submittable(std::uint64_t& deadline_ns) {
  if (submit_retry_ns_ == 0) [[likely]]
    return prepared();
  if (monotonic_ns() >= submit_retry_at_ns_) return prepared();
  if (prepared() > 0) deadline_ns = std::min(deadline_ns, submit_retry_at_ns_);
  return 0;
}

void RingEngine::enter(std::uint32_t submit_count, std::uint32_t wait_count,
                       std::uint64_t deadline_ns) {
  store_release(ring_.sq.ktail, submission_tail_);
  std::uint32_t flags = enter_flags_ | IORING_ENTER_GETEVENTS;
  __kernel_timespec time;
  io_uring_getevents_arg argument{};
  sigset_t* extra = nullptr;
  std::size_t extra_bytes = _NSIG / 8;
  if (wait_count > 0 && deadline_ns != no_deadline) {
    std::uint64_t until_ns = deadline_ns;
    if (absolute_deadlines_) {
      flags |= enter_absolute_timer;
    } else {
      const std::uint64_t now_ns = monotonic_ns();
      until_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    }
    time.tv_sec = static_cast<std::int64_t>(until_ns / nanoseconds_per_second);
    time.tv_nsec = static_cast<std::int64_t>(until_ns % nanoseconds_per_second);
    argument.sigmask_sz = _NSIG / 8;
    argument.ts = reinterpret_cast<std::uintptr_t>(&time);
    flags |= IORING_ENTER_EXT_ARG;
    extra = reinterpret_cast<sigset_t*>(&argument);
    extra_bytes = sizeof argument;
  }
  const int result = io_uring_enter2(static_cast<unsigned>(enter_descriptor_), submit_count,
                                     wait_count, flags, extra, extra_bytes);
  submission_head_ = load_acquire(ring_.sq.khead);
  if (result < 0 || submit_retry_ns_ != 0) [[unlikely]]
    entered(result);
}

std::size_t RingEngine::collect_overflow(std::span<Completion> out) {
  stats_.count(Reason::engine_cq_overflow);
  std::size_t count = reap(out);
  if (count == out.size()) return count;
  // The queue is empty now: the kernel moves the completions that did not fit into it.
  enter(0, 0, no_deadline);
  return count + reap(out.subspan(count));
}

std::size_t RingEngine::perform_shutdowns(std::span<Completion> out) {
  if (shutdowns_.empty()) [[likely]]
    return 0;
  const std::size_t count = std::min(out.size(), shutdowns_.size());
  for (std::size_t index = 0; index < count; ++index) out[index] = ops::perform(shutdowns_[index]);
  shutdowns_.erase(shutdowns_.begin(), shutdowns_.begin() + static_cast<std::ptrdiff_t>(count));
  in_flight_ -= count;
  return count;
}

std::size_t RingEngine::reap(std::span<Completion> out) {
  const std::uint32_t head = *ring_.cq.khead;
  const std::uint32_t ready = load_acquire(ring_.cq.ktail) - head;
  const std::uint32_t count = static_cast<std::uint32_t>(std::min<std::size_t>(ready, out.size()));
  std::uint32_t ended = 0;
  for (std::uint32_t index = 0; index < count; ++index) {
    const io_uring_cqe& entry = ring_.cq.cqes[(head + index) & ring_.cq.ring_mask];
    Completion& completion = out[index];
    completion.token = Token(entry.user_data);
    completion.result = entry.res;
    completion.more = (entry.flags & IORING_CQE_F_MORE) != 0;
    ended += completion.more ? 0 : 1;
    if (entry.res < 0 && serves()) [[unlikely]]
      refused(completion);
    completion.buffer = no_buffer;
    if ((entry.flags & IORING_CQE_F_BUFFER) != 0) {
      completion.buffer = static_cast<BufferId>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
      buffers_->lend(completion.buffer);
    }
  }
  in_flight_ -= ended;
  // One store gives every slot back to the kernel.
  store_release(ring_.cq.khead, head + count);
  return count;
}

void RingEngine::end_operations() {
  if (in_flight_ == 0) return;
  io_uring_sqe& everything = ops::begin(next_entry(), IORING_OP_ASYNC_CANCEL, -1, Token());
  everything.cancel_flags = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY;
  const std::uint64_t deadline_ns = monotonic_ns() + close_timeout_ns;
  Completion batch[64];
  while (in_flight_ > 0 && monotonic_ns() < deadline_ns) {
    const std::size_t count = turn(batch, deadline_ns, {});
    for (const Completion& completion : std::span(batch).first(count)) {
      // Nobody will take these connections.
      if (completion.token.operation() == Operation::accept && completion.result >= 0) {
        ::close(completion.result);
      }
    }
  }
}

}  // namespace pelton::uring

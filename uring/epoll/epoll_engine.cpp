#include "uring/epoll/epoll_engine.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "core/check.hpp"
#include "core/monotonic.hpp"
#include "uring/sockets/socket_options.hpp"

namespace pelton::uring {

namespace {

// Nanoseconds until the deadline; 0 if it has passed; no_deadline if there is none.
std::uint64_t left_until(std::uint64_t deadline_ns) {
  if (deadline_ns == no_deadline || deadline_ns == 0) return deadline_ns;
  const std::uint64_t now_ns = monotonic_ns();
  return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

}  // namespace

std::expected<std::unique_ptr<EpollEngine>, int> EpollEngine::open(const EngineOptions& options) {
  auto readiness = Readiness::open();
  if (!readiness) return std::unexpected(readiness.error());
  return std::unique_ptr<EpollEngine>(new EpollEngine(options, std::move(*readiness)));
}

EpollEngine::EpollEngine(const EngineOptions& options, Readiness readiness)
    : readiness_(std::move(readiness)),
      waits_at_once_(options.waits_at_once),
      buffers_(options.receive_buffer_count, options.receive_buffer_bytes) {}

void EpollEngine::accept(Token token, Descriptor listener) {
  prepare({.operation = Operation::accept, .descriptor = listener, .token = token});
}

void EpollEngine::accept_one(Token token, Descriptor listener) {
  prepare({.operation = Operation::accept, .descriptor = listener, .token = token, .once = true});
}

void EpollEngine::receive(Token token, Descriptor socket) {
  prepare({.operation = Operation::receive, .descriptor = socket, .token = token});
}

void EpollEngine::receive_into(Token token, Descriptor socket, std::span<char> memory) {
  CHECK(!memory.empty());
  prepare({.operation = Operation::receive,
           .descriptor = socket,
           .token = token,
           .memory = memory.data(),
           .bytes = static_cast<std::uint32_t>(std::min(memory.size(), transfer_bytes_max))});
}

void EpollEngine::send(Token token, Descriptor socket, std::span<const char> octets) {
  prepare({.operation = Operation::send,
           .descriptor = socket,
           .token = token,
           .memory = const_cast<char*>(octets.data()),
           .bytes = static_cast<std::uint32_t>(std::min(octets.size(), transfer_bytes_max))});
}

void EpollEngine::shutdown(Token token, Descriptor socket) {
  prepare({.operation = Operation::shutdown, .descriptor = socket, .token = token});
}

void EpollEngine::close(Token token, Descriptor descriptor) {
  prepare({.operation = Operation::close, .descriptor = descriptor, .token = token});
}

void EpollEngine::cancel(Token token, Token target) {
  prepare({.operation = Operation::cancel, .token = token, .target = target});
}

void EpollEngine::poll(Token token, Descriptor descriptor, std::uint32_t events) {
  prepare(
      {.operation = Operation::poll, .descriptor = descriptor, .token = token, .events = events});
}

void EpollEngine::poll_lasting(Token token, Descriptor descriptor, std::uint32_t events) {
  prepare({.operation = Operation::poll,
           .descriptor = descriptor,
           .token = token,
           .events = events,
           .lasts = true});
}

void EpollEngine::nop(Token token) {
  prepare({.operation = Operation::nop, .token = token});
}

bool EpollEngine::has_unread(Descriptor socket) {
  return has_unread_octets(socket);
}

PeerState EpollEngine::peer_state(Descriptor socket) {
  return peer_state_of(socket);
}

void EpollEngine::reset(Descriptor socket) {
  fork_guard_.require_owner();
  if (static_cast<std::size_t>(socket) < watches_.size()) {
    CHECK(watches_[static_cast<std::size_t>(socket)].pending == 0);
  }
  reset_on_close(socket);
  close_now(socket);
}

[[gnu::always_inline]] inline void EpollEngine::dispatch(const epoll_event& event) {
  Watch& watch = watches_.data()[event.data.fd];
  if (event.events == EPOLLIN && watch.pending == receiving && watch.input_memory == nullptr)
      [[likely]] {
    receive_ready(watch, event.data.fd);
  } else {
    dispatch_rare(event);
  }
}

std::size_t EpollEngine::turn(std::span<Completion> out, std::uint64_t deadline_ns,
                              const WaitHook& hook) {
  fork_guard_.require_owner();
  out_ = out;
  written_ = 0;
  left_behind_ = false;
  if (!overflow_.empty()) [[unlikely]] {
    written_ = overflow_.take(out);
    for (const Completion& completion : out.first(written_)) {
      if (!completion.more) --in_flight_;
    }
  }
  room_end_ = overflow_.empty() ? out.size() : written_;
  for (const Submission& submission : std::span(submissions_).first(submission_count_)) {
    if (submission.operation == Operation::send) [[likely]] {
      start_send(submission);
    } else {
      perform(submission);
    }
  }
  submission_count_ = 0;

  const auto room = [&] {
    return std::span(events_).first(std::min(events_max, out_.size() - written_));
  };
  const auto dispatch_all = [&](std::size_t asked, int ready) {
    for (int index = 0; index < ready; ++index) dispatch(events_[static_cast<std::size_t>(index)]);
    left_behind_ |= ready == static_cast<int>(asked);
  };
  if (room().empty()) {
    left_behind_ = true;
    return written_;
  }
  if (!waits_at_once_ || written_ != 0 || left_until(deadline_ns) == 0) {
    const std::span<epoll_event> asked = room();
    dispatch_all(asked.size(), readiness_.poll(asked));
  }

  // Readiness without a completion (no operation waits for it any more) is no reason to return.
  while (written_ == 0) {
    const std::uint64_t left_ns = left_until(deadline_ns);
    if (left_ns == 0) break;
    if (hook.before != nullptr) hook.before(hook.context);
    const std::span<epoll_event> asked = room();
    const int ready = readiness_.wait(asked, left_ns);
    if (hook.after != nullptr) hook.after(hook.context);
    if (ready < 0) break;
    dispatch_all(asked.size(), ready);
  }
  return written_;
}

[[gnu::noinline]] void EpollEngine::make_room_for_submissions() {
  constexpr std::size_t first = 64;
  submission_room_ = std::max(submission_room_ * 2, first);
  submissions_.resize(submission_room_);
}

[[gnu::noinline]] void EpollEngine::overflow(Completion completion) {
  room_end_ = written_;
  overflow_.push(completion);
}

void EpollEngine::perform(const Submission& submission) {
  const Descriptor descriptor = submission.descriptor;
  const Token token = submission.token;
  switch (submission.operation) {
    case Operation::receive:
      return start_receive(submission);
    case Operation::accept:
      return start_accept(submission);
    case Operation::poll:
      return start_poll(submission);
    case Operation::shutdown:
      return complete(
          {.token = token, .result = ::shutdown(descriptor, SHUT_WR) == 0 ? 0 : -errno});
    case Operation::close:
      return complete({.token = token, .result = close_now(descriptor)});
    case Operation::cancel:
      return complete({.token = token, .result = cancel_now(submission.target)});
    case Operation::nop:
      return complete({.token = token});
    case Operation::send:
    case Operation::room:
    case Operation::none:
      break;
  }
  CHECK(!"an operation that cannot be prepared");
}

std::uint32_t EpollEngine::wanted(const Watch& watch) {
  std::uint32_t events = 0;
  if ((watch.pending & any_input) != 0) events |= EPOLLIN;
  if ((watch.pending & sending) != 0) events |= EPOLLOUT;
  if ((watch.pending & polling) != 0) events |= watch.poll_events;
  return events;
}

// Makes room for the descriptor's state; false if there is no such descriptor.
bool EpollEngine::know(Descriptor descriptor) {
  if (descriptor < 0) return false;
  const auto index = static_cast<std::size_t>(descriptor);
  if (index < watches_.size()) [[likely]]
    return true;
  // Checked only before the table grows: a number that is no descriptor must not make it large.
  if (::fcntl(descriptor, F_GETFD) < 0) return false;
  watches_.resize(std::bit_ceil(index + 1));
  return true;
}

void EpollEngine::arm(Descriptor descriptor, Token token, Pending kind) {
  Watch& watch = watches_[static_cast<std::size_t>(descriptor)];
  armed_.put(token, descriptor);
  // With nothing pending, `watched` may be stale: other code may have closed the descriptor.
  const bool trusted = watch.pending != 0;
  watch.pending |= kind;
  const std::uint32_t events = wanted(watch);
  if (trusted && (watch.watched & events) == events) return;
  const bool exclusive = kind == accepting && watch.accepts_one;
  const int error = exclusive ? readiness_.watch_in_turn(descriptor, events)
                              : readiness_.watch(descriptor, events, watch.watched != 0);
  if (error == 0) {
    watch.watched = static_cast<std::uint16_t>(events);
    return;
  }
  disarm(watch, kind, token);
  watch.watched = 0;
  // A regular file cannot be watched; it is always ready, as poll(2) reports.
  const bool always_ready = error == EPERM && kind == polling;
  complete(
      {.token = token, .result = always_ready ? watch.poll_events & (POLLIN | POLLOUT) : -error});
}

// Interest is removed late, when an event comes that no operation waits for: mostly the next
// operation needs the same interest, and the system call is saved.
[[gnu::noinline]] void EpollEngine::dispatch_rare(const epoll_event& event) {
  const Descriptor descriptor = event.data.fd;
  Watch& watch = watches_[static_cast<std::size_t>(descriptor)];
  constexpr std::uint32_t always = EPOLLERR | EPOLLHUP;
  const std::uint32_t wanted_before = wanted(watch);
  if (watch.pending == 0) {
    readiness_.forget(descriptor);
    watch.watched = 0;
    return;
  }
  if ((event.events & ~(wanted_before | always)) != 0) [[unlikely]] {
    readiness_.watch(descriptor, wanted_before, true);
    watch.watched = static_cast<std::uint16_t>(wanted_before);
  }
  if ((watch.pending & receiving) != 0 && (event.events & (EPOLLIN | always)) != 0) {
    if (watch.input_memory == nullptr) {
      receive_ready(watch, descriptor);
    } else {
      receive_into_ready(watch, descriptor);
    }
  } else if ((watch.pending & accepting) != 0 && (event.events & (EPOLLIN | always)) != 0) {
    accept_ready(watch, descriptor);
  }
  // An accept may have moved the table.
  Watch& same = watches_[static_cast<std::size_t>(descriptor)];
  if ((same.pending & sending) != 0 && (event.events & (EPOLLOUT | always)) != 0) {
    send_ready(same, descriptor);
  }
  if ((same.pending & polling) != 0) {
    const std::uint32_t ready = event.events & (same.poll_events | always);
    if (ready != 0) {
      if (!same.poll_lasts) disarm(same, polling, same.poll_token);
      complete({.token = same.poll_token,
                .result = static_cast<std::int32_t>(ready),
                .more = same.poll_lasts});
    }
  }
}

}  // namespace pelton::uring

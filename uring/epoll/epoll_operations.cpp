// The operations of the epoll engine, a section each: start (when submitted), ready (when the
// socket is), and how the operation ends before it is ready.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/check.hpp"
#include "uring/epoll/epoll_engine.hpp"

namespace pelton::uring {

// --- accept ---

void EpollEngine::start_accept(const Submission& submission) {
  if (!know(submission.descriptor)) {
    return complete({.token = submission.token, .result = -EBADF});
  }
  Watch& watch = watches_[static_cast<std::size_t>(submission.descriptor)];
  CHECK((watch.pending & any_input) == 0);
  const int flags = ::fcntl(submission.descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) {
    ::fcntl(submission.descriptor, F_SETFL, flags | O_NONBLOCK);
  }
  if (submission.once && watch.watched != 0) {
    // The kernel cannot make an existing interest exclusive.
    readiness_.forget(submission.descriptor);
    watch.watched = 0;
  }
  watch.accepts_one = submission.once;
  watch.input_token = submission.token;
  arm(submission.descriptor, submission.token, accepting);
}

// Stops watching the listener: the set would be woken for connections that it does not accept.
[[gnu::noinline]] void EpollEngine::leave_turn(Watch& watch) {
  readiness_.forget(static_cast<Descriptor>(&watch - watches_.data()));
  watch.accepts_one = false;
  watch.watched = 0;
}

// If connections come one by one, one accept per readiness is right and a second one only returns
// EAGAIN. In a burst the budget doubles until the backlog is empty.
void EpollEngine::accept_ready(Watch& watch, Descriptor listener) {
  constexpr std::uint8_t budget_max = 64;
  const Token token = watch.input_token;
  const bool only_one = watch.accepts_one;
  const std::uint8_t budget = watch.accept_budget;
  for (std::uint8_t count = 0; count < budget;) {
    const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      CHECK(know(accepted));
      Watch& fresh = watches_[static_cast<std::size_t>(accepted)];
      // Only a poll may be left over, from a descriptor of this number that other code closed.
      CHECK((fresh.pending & ~polling) == 0);
      end_pending(fresh);
      fresh = Watch{};
      if (only_one) {
        disarm(watches_[static_cast<std::size_t>(listener)], accepting, token);
        return complete({.token = token, .result = accepted});
      }
      complete({.token = token, .result = accepted, .more = true});
      ++count;
      continue;
    }
    if (errno == EINTR) continue;
    Watch& same = watches_[static_cast<std::size_t>(listener)];
    same.accept_budget = std::max<std::uint8_t>(count, 1);
    if (errno == EAGAIN) return;
    disarm(same, accepting, token);
    return complete({.token = token, .result = -errno});
  }
  watches_[static_cast<std::size_t>(listener)].accept_budget =
      std::min<std::uint8_t>(static_cast<std::uint8_t>(budget * 2), budget_max);
}

// --- receive ---

void EpollEngine::start_receive(const Submission& submission) {
  if (!know(submission.descriptor)) {
    return complete({.token = submission.token, .result = -EBADF});
  }
  Watch& watch = watches_[static_cast<std::size_t>(submission.descriptor)];
  CHECK((watch.pending & any_input) == 0);
  watch.input_token = submission.token;
  watch.input_memory = submission.memory;
  watch.input_bytes = submission.bytes;
  if (submission.memory != nullptr) {
    // A single receive is used when octets are expected, so they often have arrived.
    watch.pending |= receiving;
    receive_into_ready(watch, submission.descriptor);
    if ((watch.pending & receiving) == 0) return;
    watch.pending &= static_cast<std::uint8_t>(~receiving);
  }
  arm(submission.descriptor, submission.token, receiving);
}

void EpollEngine::receive_ready(Watch& watch, Descriptor socket) {
  if (buffers_.empty()) [[unlikely]]
    return receive_starved(watch);
  const std::size_t room = buffers_.buffer_bytes();
  const ssize_t bytes = ::recv(socket, buffers_.data(buffers_.top()), room, MSG_DONTWAIT);
  if (bytes <= 0 || static_cast<std::size_t>(bytes) == room) [[unlikely]]
    return receive_more(watch, socket, bytes);
  complete({.token = watch.input_token,
            .result = static_cast<std::int32_t>(bytes),
            .more = true,
            .buffer = buffers_.lend()});
}

// Ends the receive as a ring does without free buffers; the octets stay in the socket (ENG-020).
void EpollEngine::receive_starved(Watch& watch) {
  disarm(watch, receiving, watch.input_token);
  complete({.token = watch.input_token, .result = -ENOBUFS});
}

// Continues after a first recv() that filled the top buffer or returned no octets. Receives again
// only after a full buffer, which suggests more octets, and only a few times: other sockets are
// ready too, and one busy socket must not take all buffers.
[[gnu::noinline]] void EpollEngine::receive_more(Watch& watch, Descriptor socket,
                                                 std::ptrdiff_t bytes) {
  constexpr int receives_max = 4;
  const std::size_t room = buffers_.buffer_bytes();
  for (int count = 0;;) {
    if (bytes > 0) {
      complete({.token = watch.input_token,
                .result = static_cast<std::int32_t>(bytes),
                .more = true,
                .buffer = buffers_.lend()});
      if (static_cast<std::size_t>(bytes) < room) return;
      if (++count == receives_max) {
        left_behind_ = true;
        return;
      }
    } else if (bytes == 0 || errno != EINTR) {
      if (bytes < 0 && errno == EAGAIN) return;
      const std::int32_t result = bytes == 0 ? 0 : -errno;
      disarm(watch, receiving, watch.input_token);
      return complete({.token = watch.input_token, .result = result});
    }
    if (buffers_.empty()) return receive_starved(watch);
    bytes = ::recv(socket, buffers_.data(buffers_.top()), room, MSG_DONTWAIT);
  }
}

void EpollEngine::receive_into_ready(Watch& watch, Descriptor socket) {
  ssize_t bytes = 0;
  do {
    bytes = ::recv(socket, watch.input_memory, watch.input_bytes, MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  if (bytes < 0 && errno == EAGAIN) return;
  const std::int32_t result = bytes < 0 ? -errno : static_cast<std::int32_t>(bytes);
  disarm(watch, receiving, watch.input_token);
  complete({.token = watch.input_token, .result = result});
}

// --- send ---

std::int32_t EpollEngine::send_at_once(Descriptor socket, std::span<const char> octets) {
  fork_guard_.require_owner();
  const std::size_t bytes_wanted = std::min(octets.size(), transfer_bytes_max);
  ssize_t bytes = 0;
  do {
    bytes = ::send(socket, octets.data(), bytes_wanted, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  if (bytes == static_cast<ssize_t>(bytes_wanted)) [[likely]]
    return static_cast<std::int32_t>(bytes);
  const std::int32_t result = bytes < 0 ? -errno : static_cast<std::int32_t>(bytes);
  if ((bytes >= 0 || result == -EAGAIN) && know(socket)) {
    watches_[static_cast<std::size_t>(socket)].is_full = true;
  }
  return result;
}

void EpollEngine::start_send(const Submission& submission) {
  if (static_cast<std::size_t>(submission.descriptor) < watches_.size()) {
    Watch& watch = watches_[static_cast<std::size_t>(submission.descriptor)];
    if (std::exchange(watch.is_full, false)) return await_send(submission);
  }
  ssize_t bytes = 0;
  do {
    bytes = ::send(submission.descriptor, submission.memory, submission.bytes,
                   MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  if (bytes >= 0) [[likely]] {
    return complete({.token = submission.token, .result = static_cast<std::int32_t>(bytes)});
  }
  if (errno != EAGAIN) return complete({.token = submission.token, .result = -errno});
  await_send(submission);
}

void EpollEngine::await_send(const Submission& submission) {
  CHECK(know(submission.descriptor));
  Watch& watch = watches_[static_cast<std::size_t>(submission.descriptor)];
  CHECK((watch.pending & sending) == 0);
  watch.output_token = submission.token;
  watch.output_octets = submission.memory;
  watch.output_bytes = submission.bytes;
  arm(submission.descriptor, submission.token, sending);
}

void EpollEngine::send_ready(Watch& watch, Descriptor socket) {
  ssize_t bytes = 0;
  do {
    bytes = ::send(socket, watch.output_octets, watch.output_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  if (bytes < 0 && errno == EAGAIN) return;
  const std::int32_t result = bytes < 0 ? -errno : static_cast<std::int32_t>(bytes);
  disarm(watch, sending, watch.output_token);
  complete({.token = watch.output_token, .result = result});
}

// --- poll, cancel, close ---

void EpollEngine::start_poll(const Submission& submission) {
  if (!know(submission.descriptor)) {
    return complete({.token = submission.token, .result = -EBADF});
  }
  Watch& watch = watches_[static_cast<std::size_t>(submission.descriptor)];
  CHECK((watch.pending & polling) == 0);
  watch.poll_token = submission.token;
  watch.poll_events = static_cast<std::uint16_t>(submission.events);
  watch.poll_lasts = submission.lasts;
  arm(submission.descriptor, submission.token, polling);
}

// Ends every operation of the descriptor.
void EpollEngine::end_pending(Watch& watch) {
  const auto end = [&](std::uint8_t kind, Token token) {
    if ((watch.pending & kind) == 0) return;
    disarm(watch, kind, token);
    complete({.token = token, .result = -ECANCELED});
  };
  end(any_input, watch.input_token);
  end(sending, watch.output_token);
  end(polling, watch.poll_token);
}

std::int32_t EpollEngine::cancel_now(Token target) {
  const Descriptor descriptor = armed_.find(target);
  if (descriptor < 0) return -ENOENT;
  Watch& watch = watches_[static_cast<std::size_t>(descriptor)];
  std::uint8_t kind = polling;
  if ((watch.pending & any_input) != 0 && watch.input_token == target) {
    kind = any_input;
  } else if ((watch.pending & sending) != 0 && watch.output_token == target) {
    kind = sending;
  }
  disarm(watch, kind, target);
  complete({.token = target, .result = -ECANCELED});
  return 0;
}

std::int32_t EpollEngine::close_now(Descriptor descriptor) {
  if (descriptor >= 0 && static_cast<std::size_t>(descriptor) < watches_.size()) {
    Watch& watch = watches_[static_cast<std::size_t>(descriptor)];
    end_pending(watch);
    // The kernel forgets a closed descriptor by itself only if no forked child has a copy.
    if (watch.watched != 0) readiness_.forget(descriptor);
    watch = Watch{};
  }
  // After EINTR the descriptor is closed too; a second close could hit a new descriptor.
  return ::close(descriptor) == 0 || errno == EINTR ? 0 : -errno;
}

}  // namespace pelton::uring

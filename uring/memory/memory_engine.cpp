#include "uring/memory/memory_engine.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.hpp"

namespace pelton::uring {

MemoryEngine::MemoryEngine(const EngineOptions& options)
    : buffers_(options.receive_buffer_count, options.receive_buffer_bytes) {}

void MemoryEngine::accept(Token token, Descriptor listener) {
  prepare({.operation = Operation::accept, .descriptor = listener, .token = token});
}

void MemoryEngine::accept_one(Token token, Descriptor listener) {
  prepare({.operation = Operation::accept, .descriptor = listener, .token = token, .once = true});
}

void MemoryEngine::receive(Token token, Descriptor socket) {
  prepare({.operation = Operation::receive, .descriptor = socket, .token = token});
}

void MemoryEngine::receive_into(Token token, Descriptor socket, std::span<char> memory) {
  CHECK(!memory.empty());
  prepare({.operation = Operation::receive,
           .descriptor = socket,
           .token = token,
           .memory = memory.data(),
           .bytes = static_cast<std::uint32_t>(std::min(memory.size(), transfer_bytes_max))});
}

void MemoryEngine::send(Token token, Descriptor socket, std::span<const char> octets) {
  prepare({.operation = Operation::send,
           .descriptor = socket,
           .token = token,
           .memory = const_cast<char*>(octets.data()),
           .bytes = static_cast<std::uint32_t>(std::min(octets.size(), transfer_bytes_max))});
}

void MemoryEngine::shutdown(Token token, Descriptor socket) {
  prepare({.operation = Operation::shutdown, .descriptor = socket, .token = token});
}

void MemoryEngine::close(Token token, Descriptor descriptor) {
  prepare({.operation = Operation::close, .descriptor = descriptor, .token = token});
}

void MemoryEngine::cancel(Token token, Token target) {
  prepare({.operation = Operation::cancel, .token = token, .target = target});
}

void MemoryEngine::poll(Token token, Descriptor descriptor, std::uint32_t events) {
  prepare(
      {.operation = Operation::poll, .descriptor = descriptor, .token = token, .events = events});
}

void MemoryEngine::nop(Token token) {
  prepare({.operation = Operation::nop, .token = token});
}

void MemoryEngine::prepare(const Submission& submission) {
  ++in_flight_;
  submissions_.push_back(submission);
  prepared(submission);
}

void MemoryEngine::prepared(const Submission&) {}

void MemoryEngine::reset(Descriptor socket) {
  Socket* found = find(socket);
  CHECK(found != nullptr && found->role == Role::stream && found->pending == 0);
  drop_server_side(static_cast<std::uint32_t>(socket - descriptor_first), true);
}

std::size_t MemoryEngine::turn(std::span<Completion> out, std::uint64_t, const WaitHook&) {
  submit();
  progress(out.size());
  return reap(out);
}

void MemoryEngine::submit() {
  for (const Submission& submission : submissions_) perform(submission);
  submissions_.clear();
}

void MemoryEngine::progress(std::size_t completions_max) {
  advancing_.swap(active_);
  for (const std::uint32_t index : advancing_) {
    sockets_[index].active = false;
    if (completions_.size() < completions_max) {
      advance(index);
    } else {
      activate(index);
    }
  }
  advancing_.clear();
}

std::size_t MemoryEngine::reap(std::span<Completion> out) {
  const std::size_t count = completions_.take(out);
  for (const Completion& completion : out.first(count)) {
    if (!completion.more) --in_flight_;
  }
  return count;
}

MemoryEngine::Fate MemoryEngine::fate(const Occasion&) {
  return {};
}

void MemoryEngine::post(const Completion& completion) {
  completions_.push(completion);
}

void MemoryEngine::perform(const Submission& submission) {
  const Token token = submission.token;
  switch (submission.operation) {
    case Operation::nop:
      return post({.token = token});
    case Operation::cancel:
      return post({.token = token, .result = cancel_now(submission.target)});
    case Operation::shutdown:
      return post({.token = token, .result = perform_shutdown(submission.descriptor)});
    case Operation::close:
      return post({.token = token, .result = perform_close(submission.descriptor)});
    case Operation::poll:
      return perform_poll(submission);
    default:
      break;
  }

  Socket* socket = find(submission.descriptor);
  if (socket == nullptr) return post({.token = token, .result = -EBADF});
  const bool wants_listener = submission.operation == Operation::accept;
  if (wants_listener != (socket->role == Role::listener)) {
    return post({.token = token, .result = wants_listener ? -EINVAL : -ENOTCONN});
  }
  if (submission.operation == Operation::send) {
    CHECK((socket->pending & output) == 0);
    socket->pending |= output;
    socket->output_token = token;
    socket->output_octets = submission.memory;
    socket->output_bytes = submission.bytes;
  } else {
    CHECK((socket->pending & input) == 0);
    socket->pending |= input;
    socket->input_token = token;
    socket->input_memory = submission.memory;
    socket->input_bytes = submission.bytes;
    socket->accepts_one = submission.once;
  }
  activate(static_cast<std::uint32_t>(submission.descriptor - descriptor_first));
}

void MemoryEngine::perform_poll(const Submission& submission) {
  Socket* socket = find(submission.descriptor);
  if (socket == nullptr) {
    if (submission.descriptor < 0 || submission.descriptor >= descriptor_first) {
      return post({.token = submission.token, .result = -EBADF});
    }
    foreign_polls_.push_back(submission.token);
    return;
  }
  CHECK((socket->pending & polling) == 0);
  socket->pending |= polling;
  socket->poll_token = submission.token;
  socket->poll_events = submission.events;
  activate(static_cast<std::uint32_t>(submission.descriptor - descriptor_first));
}

int MemoryEngine::perform_shutdown(Descriptor descriptor) {
  Socket* socket = find(descriptor);
  if (socket == nullptr) return -EBADF;
  if (socket->role != Role::stream || socket->broken) return -ENOTCONN;
  socket->shut = true;
  wake(descriptor);
  return 0;
}

int MemoryEngine::perform_close(Descriptor descriptor) {
  Socket* socket = find(descriptor);
  if (socket == nullptr) return -EBADF;
  end_pending(*socket, nullptr, ECANCELED);
  drop_server_side(static_cast<std::uint32_t>(descriptor - descriptor_first), false);
  return 0;
}

std::int32_t MemoryEngine::cancel_now(Token target) {
  return end_operation(target, ECANCELED) ? 0 : -ENOENT;
}

bool MemoryEngine::in_flight(Token target) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [&](const Socket& socket) {
    return ((socket.pending & input) != 0 && socket.input_token == target) ||
           ((socket.pending & output) != 0 && socket.output_token == target) ||
           ((socket.pending & polling) != 0 && socket.poll_token == target);
  });
}

bool MemoryEngine::end_operation(Token target, int error) {
  const auto foreign = std::find(foreign_polls_.begin(), foreign_polls_.end(), target);
  if (foreign != foreign_polls_.end()) {
    foreign_polls_.erase(foreign);
    post({.token = target, .result = -error});
    return true;
  }
  return std::any_of(sockets_.begin(), sockets_.end(), [&](Socket& socket) {
    return socket.pending != 0 && end_pending(socket, &target, error);
  });
}

// Ends the operation with the token `target`, or without a target every operation of the socket.
bool MemoryEngine::end_pending(Socket& socket, const Token* target, int error) {
  const auto end = [&](Pending kind, Token token) {
    if ((socket.pending & kind) == 0 || (target != nullptr && *target != token)) return false;
    socket.pending &= static_cast<std::uint8_t>(~kind);
    post({.token = token, .result = -error});
    return true;
  };
  const bool ended_input = end(input, socket.input_token);
  const bool ended_output = end(output, socket.output_token);
  const bool ended_poll = end(polling, socket.poll_token);
  return ended_input || ended_output || ended_poll;
}

void MemoryEngine::wake(Descriptor descriptor) {
  if (find(descriptor) != nullptr) {
    activate(static_cast<std::uint32_t>(descriptor - descriptor_first));
  }
}

void MemoryEngine::activate(std::uint32_t index) {
  Socket& socket = sockets_[index];
  if (socket.active || socket.pending == 0) return;
  socket.active = true;
  active_.push_back(index);
}

void MemoryEngine::advance(std::uint32_t index) {
  Socket& socket = sockets_[index];
  if ((socket.pending & input) != 0) {
    if (socket.role == Role::listener) {
      advance_accept(index);
    } else {
      advance_receive(index);
    }
  }
  if ((socket.pending & output) != 0) advance_send(index);
  if ((socket.pending & polling) != 0) advance_poll(socket);
}

void MemoryEngine::advance_accept(std::uint32_t index) {
  Socket& listener = sockets_[index];
  const Descriptor descriptor = descriptor_first + static_cast<Descriptor>(index);
  while (!listener.backlog.empty()) {
    const Fate now = fate({Operation::accept, descriptor, listener.backlog.size()});
    if (now.waits) return;
    if (now.error != 0) return end_input(listener, -now.error);
    const std::uint32_t accepted = listener.backlog.front();
    listener.backlog.erase(listener.backlog.begin());
    sockets_[accepted].server = Server::holds;
    const auto result = descriptor_first + static_cast<Descriptor>(accepted);
    if (now.ends || listener.accepts_one) return end_input(listener, result);
    post({.token = listener.input_token, .result = result, .more = true});
  }
}

void MemoryEngine::advance_receive(std::uint32_t index) {
  Socket& socket = sockets_[index];
  const Descriptor descriptor = descriptor_first + static_cast<Descriptor>(index);
  for (std::size_t count = 0; count < receives_per_turn_max; ++count) {
    if (!receive_once(socket, descriptor)) return;
  }
  activate(index);
}

// True if the operation goes on and more octets may be there.
bool MemoryEngine::receive_once(Socket& socket, Descriptor descriptor) {
  const std::size_t available = socket.readable();
  const bool at_end = socket.error != 0 || socket.broken || socket.peer_finished;
  if (available == 0 && !at_end) return false;
  const Fate now =
      fate({Operation::receive, descriptor, available, socket.input_memory == nullptr});
  if (now.waits) return false;
  if (now.error != 0) {
    end_input(socket, -now.error);
    return false;
  }
  if (available == 0) {
    end_input(socket, -std::exchange(socket.error, 0));
    return false;
  }

  const std::size_t bytes_max = std::min({available, piece_left(socket), now.bytes_max});
  const char* octets = socket.inbox.data() + socket.inbox_taken;
  if (socket.input_memory != nullptr) {
    const std::size_t bytes = std::min(bytes_max, socket.input_bytes);
    std::memcpy(socket.input_memory, octets, bytes);
    consume(socket, bytes);
    end_input(socket, static_cast<std::int32_t>(bytes));
    return false;
  }
  if (buffers_.empty()) {
    end_input(socket, -ENOBUFS);
    return false;
  }
  const std::size_t bytes = std::min(bytes_max, buffers_.buffer_bytes());
  const BufferId buffer = buffers_.lend();
  std::memcpy(buffers_.data(buffer), octets, bytes);
  consume(socket, bytes);
  if (now.ends) {
    end_input(socket, static_cast<std::int32_t>(bytes), buffer);
    return false;
  }
  post({.token = socket.input_token,
        .result = static_cast<std::int32_t>(bytes),
        .more = true,
        .buffer = buffer});
  return true;
}

// Returns the octets that the network takes now, or -errno; -EAGAIN if it takes none yet.
std::int32_t MemoryEngine::take_output(std::uint32_t index, std::span<const char> octets) {
  Socket& socket = sockets_[index];
  if (socket.error != 0) return -std::exchange(socket.error, 0);
  if (socket.broken || socket.shut) return -EPIPE;
  const std::size_t room =
      socket.window_bytes - std::min(socket.window_bytes, socket.outbox.size());
  if (room == 0 && !octets.empty()) return -EAGAIN;
  const Fate now = fate({Operation::send, descriptor_first + static_cast<Descriptor>(index),
                         std::min(room, octets.size())});
  if (now.waits) return -EAGAIN;
  if (now.error != 0) return -now.error;
  const std::size_t bytes = std::min({octets.size(), room, now.bytes_max});
  if (socket.peer_open) {
    socket.outbox.append(octets.data(), bytes);
  } else {
    // The peer closed without RST; a send now is answered with one.
    break_stream(socket, socket.peer_finished ? EPIPE : ECONNRESET);
  }
  return static_cast<std::int32_t>(bytes);
}

void MemoryEngine::advance_send(std::uint32_t index) {
  Socket& socket = sockets_[index];
  const std::int32_t result = take_output(index, {socket.output_octets, socket.output_bytes});
  if (result == -EAGAIN) return;
  socket.pending &= static_cast<std::uint8_t>(~output);
  post({.token = socket.output_token, .result = result});
}

std::int32_t MemoryEngine::send_now(Descriptor descriptor, std::span<const char> octets) {
  if (find(descriptor) == nullptr) return -EBADF;
  return take_output(static_cast<std::uint32_t>(descriptor - descriptor_first), octets);
}

std::uint32_t MemoryEngine::ready_events(const Socket& socket) const {
  if (socket.role == Role::listener) return socket.backlog.empty() ? 0 : POLLIN;
  std::uint32_t events = 0;
  if (socket.readable() > 0 || socket.peer_finished || socket.broken) events |= POLLIN;
  if (socket.peer_finished || socket.broken) events |= POLLRDHUP;
  if (socket.outbox.size() < socket.window_bytes || socket.broken || socket.shut) events |= POLLOUT;
  if (socket.broken || (socket.shut && socket.peer_finished)) events |= POLLHUP;
  if (socket.error != 0) events |= POLLERR;
  return events;
}

void MemoryEngine::advance_poll(Socket& socket) {
  const std::uint32_t ready = ready_events(socket) & (socket.poll_events | POLLERR | POLLHUP);
  if (ready == 0) return;
  socket.pending &= static_cast<std::uint8_t>(~polling);
  post({.token = socket.poll_token, .result = static_cast<std::int32_t>(ready)});
}

void MemoryEngine::end_input(Socket& socket, std::int32_t result, BufferId buffer) {
  socket.pending &= static_cast<std::uint8_t>(~input);
  post({.token = socket.input_token, .result = result, .buffer = buffer});
}

std::size_t MemoryEngine::piece_left(const Socket& socket) const {
  if (socket.pieces_taken == socket.piece_ends.size()) return bytes_unlimited;
  return socket.piece_ends[socket.pieces_taken] - socket.inbox_taken;
}

void MemoryEngine::consume(Socket& socket, std::size_t bytes) {
  socket.inbox_taken += bytes;
  if (socket.pieces_taken < socket.piece_ends.size() &&
      socket.piece_ends[socket.pieces_taken] == socket.inbox_taken) {
    ++socket.pieces_taken;
  }
  if (socket.inbox_taken == socket.inbox.size()) {
    socket.inbox.clear();
    socket.inbox_taken = 0;
    socket.piece_ends.clear();
    socket.pieces_taken = 0;
  }
}

}  // namespace pelton::uring

// The engine contract over epoll: a system call is made when its socket is ready, and its result
// becomes the completion that a ring would give. Makes no io_uring system call at all (ENG-001).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <vector>

#include "core/fork_guard.hpp"
#include "uring/engine.hpp"
#include "uring/epoll/operation_index.hpp"
#include "uring/epoll/readiness.hpp"
#include "uring/memory/buffer_stack.hpp"
#include "uring/memory/completion_queue.hpp"
#include "uring/memory/submission.hpp"
#include "uring/sockets/file_send.hpp"

namespace pelton::uring {

class EpollEngine final : public Engine {
 public:
  // The error is the errno of epoll_create1(2). The entry counts for a ring are ignored.
  static std::expected<std::unique_ptr<EpollEngine>, int> open(const EngineOptions& options);
  EpollEngine(const EpollEngine&) = delete;
  EpollEngine& operator=(const EpollEngine&) = delete;

  EngineKind kind() const override { return EngineKind::epoll; }
  // Makes the listener non-blocking: a peer may go away between readiness and accept.
  void accept(Token token, Descriptor listener) override;
  void accept_one(Token token, Descriptor listener) override;
  void receive(Token token, Descriptor socket) override;
  void receive_into(Token token, Descriptor socket, std::span<char> memory) override;
  void send(Token token, Descriptor socket, std::span<const char> octets) override;
  // Makes at once the call that a send() would make in the next turn.
  std::int32_t send_at_once(Descriptor socket, std::span<const char> octets) override;
  std::int64_t send_file_at_once(Descriptor socket, Descriptor file, std::uint64_t offset,
                                 std::size_t bytes) override {
    fork_guard_.require_owner();
    return send_file(socket, file, offset, bytes, SocketMode::non_blocking);
  }
  void shutdown(Token token, Descriptor socket) override;
  // First ends the operations in flight on the descriptor with -ECANCELED.
  void close(Token token, Descriptor descriptor) override;
  void cancel(Token token, Token target) override;
  void poll(Token token, Descriptor descriptor, std::uint32_t events) override;
  void poll_lasting(Token token, Descriptor descriptor, std::uint32_t events) override;
  void nop(Token token) override;
  bool has_unread(Descriptor socket) override;
  PeerState peer_state(Descriptor socket) override;
  void reset(Descriptor socket) override;
  // Returns 0 before the deadline if a signal interrupts the wait (ENG-026).
  std::size_t turn(std::span<Completion> out, std::uint64_t deadline_ns,
                   const WaitHook& hook) override;
  bool left_behind() const override { return left_behind_ || !overflow_.empty(); }
  ReceiveBuffers& buffers() override { return buffers_; }
  std::size_t operations_in_flight() const override { return in_flight_; }

 private:
  enum Pending : std::uint8_t { accepting = 1, receiving = 2, sending = 4, polling = 8 };
  static constexpr std::uint8_t any_input = accepting | receiving;

  // One descriptor, one cache line.
  struct alignas(64) Watch {
    Token input_token;
    Token output_token;
    Token poll_token;
    char* input_memory = nullptr;  // null: receives into leased buffers
    const char* output_octets = nullptr;
    std::uint32_t input_bytes = 0;
    std::uint32_t output_bytes = 0;
    std::uint16_t poll_events = 0;
    std::uint16_t watched = 0;  // the events the kernel was last asked to watch for
    std::uint8_t pending = 0;
    std::uint8_t accept_budget = 1;
    bool poll_lasts = false;
    bool accepts_one = false;
    bool is_full = false;  // send_at_once() found no room: the next send waits for it (ENG-025)
  };

  EpollEngine(const EngineOptions& options, Readiness readiness);

  void prepare(const Submission& submission) {
    ++in_flight_;
    if (submission_count_ == submission_room_) [[unlikely]]
      make_room_for_submissions();
    submissions_.data()[submission_count_++] = submission;
  }
  void make_room_for_submissions();
  // Takes a value, so that the completion need not be in memory twice.
  void complete(Completion completion) {
    if (written_ == room_end_) [[unlikely]]
      return overflow(completion);
    out_[written_++] = completion;
    in_flight_ -= completion.more ? 0 : 1;
  }
  void overflow(Completion completion);
  void perform(const Submission& submission);
  bool know(Descriptor descriptor);
  void arm(Descriptor descriptor, Token token, Pending kind);
  void dispatch(const epoll_event& event);
  void dispatch_rare(const epoll_event& event);

  void start_accept(const Submission& submission);
  void start_receive(const Submission& submission);
  void start_send(const Submission& submission);
  void await_send(const Submission& submission);
  void start_poll(const Submission& submission);
  std::int32_t close_now(Descriptor descriptor);
  std::int32_t cancel_now(Token target);

  void accept_ready(Watch& watch, Descriptor listener);
  void receive_ready(Watch& watch, Descriptor socket);
  void receive_starved(Watch& watch);
  void receive_more(Watch& watch, Descriptor socket, std::ptrdiff_t bytes);
  void receive_into_ready(Watch& watch, Descriptor socket);
  void send_ready(Watch& watch, Descriptor socket);
  void end_pending(Watch& watch);
  // The operation no longer waits for readiness; the caller completes it.
  void disarm(Watch& watch, std::uint8_t kind, Token token) {
    watch.pending &= static_cast<std::uint8_t>(~kind);
    armed_.drop(token);
    if (watch.accepts_one) [[unlikely]]
      leave_turn(watch);
  }
  void leave_turn(Watch& watch);

  static std::uint32_t wanted(const Watch& watch);

  // Events taken from the kernel at a time; the rest stays ready for the next time.
  static constexpr std::size_t events_max = 256;

  ForkGuard fork_guard_;
  Readiness readiness_;
  bool waits_at_once_;
  BufferStack buffers_;
  std::vector<Watch> watches_;           // by descriptor
  OperationIndex armed_;                 // descriptors of operations that wait for readiness
  std::vector<Submission> submissions_;  // the first `submission_count_` of them
  std::size_t submission_count_ = 0;
  std::size_t submission_room_ = 0;
  CompletionQueue overflow_;  // completions the caller's array had no room for
  std::span<Completion> out_;
  std::size_t written_ = 0;
  std::size_t room_end_ = 0;  // of `out_`; from here on completions go to the end of `overflow_`
  std::size_t in_flight_ = 0;
  bool left_behind_ = false;  // `out_` or a set of events was full, or a socket has unread octets
  std::array<epoll_event, events_max> events_;
};

}  // namespace pelton::uring

// The engine on io_uring: an operation is a submission, a completion is a completion. Made, used
// and destroyed on one thread; one system call a turn submits and collects.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "core/fork_guard.hpp"
#include "core/stats.hpp"
#include "uring/buffers/buffer_ring.hpp"
#include "uring/engine.hpp"
#include "uring/ring/ops/shutdown.hpp"
#include "uring/ring/set_up.hpp"
#include "uring/sockets/file_send.hpp"

namespace pelton::uring {

class RingEngine final : public Engine {
 public:
  // Whether it really works is for probe_ring() to find out.
  static std::expected<std::unique_ptr<RingEngine>, SetUpFailure> open(const EngineOptions& options,
                                                                       Stats& stats);
  RingEngine(const RingEngine&) = delete;
  RingEngine& operator=(const RingEngine&) = delete;
  // Cancels what is in flight and waits for it, so that nobody writes to memory freed after this.
  ~RingEngine() override;

  EngineKind kind() const override { return EngineKind::ring; }
  void accept(Token token, Descriptor listener) override;
  // The kernel wakes but one of those who accept, whose next accept queues behind the others'. A
  // multishot would keep its place at the head, and get every connection.
  void accept_one(Token token, Descriptor listener) override;
  void receive(Token token, Descriptor socket) override;
  void receive_into(Token token, Descriptor socket, std::span<char> memory) override;
  void send(Token token, Descriptor socket, std::span<const char> octets) override;
  // Only what is large: there the copy outweighs the call, and a ring would do it in the same way.
  std::int32_t send_at_once(Descriptor socket, std::span<const char> octets) override;
  std::int64_t send_file_at_once(Descriptor socket, Descriptor file, std::uint64_t offset,
                                 std::size_t bytes) override {
    fork_guard_.require_owner();
    return send_file(socket, file, offset, bytes, SocketMode::blocking);
  }
  void shutdown(Token token, Descriptor socket) override;
  void close(Token token, Descriptor descriptor) override;
  void cancel(Token token, Token target) override;
  void poll(Token token, Descriptor descriptor, std::uint32_t events) override;
  // Multishot: one submission for as long as it lasts.
  void poll_news(Token token, Descriptor descriptor, std::uint32_t events) override;
  void nop(Token token) override;
  bool has_unread(Descriptor socket) override;
  PeerState peer_state(Descriptor socket) override;
  void reset(Descriptor socket) override;
  // Also returns, with nothing, when a signal cut the wait short (ENG-026).
  std::size_t turn(std::span<Completion> out, std::uint64_t deadline_ns,
                   const WaitHook& hook) override;
  bool left_behind() const override;
  ReceiveBuffers& buffers() override { return *buffers_; }
  std::size_t operations_in_flight() const override { return in_flight_; }

  std::uint32_t set_up_flags() const { return ring_.flags; }
  std::uint32_t submission_entries() const { return ring_.sq.ring_entries; }
  std::uint32_t completion_entries() const { return ring_.cq.ring_entries; }

 private:
  RingEngine(const SetUp& set_up, Stats& stats);

  std::expected<void, SetUpFailure> register_buffers(const EngineOptions& options);
  std::expected<void, SetUpFailure> learn_to_enter(std::uint32_t features, bool one_thread);
  // The kernel's short number for the ring on this thread.
  void take_number();
  void give_number_back();
  int try_enter(std::uint32_t flags);

  io_uring_sqe& next_entry();
  io_uring_sqe& next_entry_when_full();
  void submit_queued();

  std::uint32_t prepared() const { return submission_tail_ - submission_head_; }
  std::uint32_t kernel_flags() const;
  bool completions_ready() const;
  // How many may be submitted now; while memory is short none, and the wait ends for the next try.
  std::uint32_t submittable(std::uint64_t& deadline_ns);
  void enter(std::uint32_t submit_count, std::uint32_t wait_count, std::uint64_t deadline_ns);
  void entered(int result);
  void starve(int error);
  void refused(Completion& completion);
  void prepare_accept(Token token, Descriptor listener, bool multishot);
  bool was_shut(Token accept) const;
  std::size_t collect_overflow(std::span<Completion> out);
  std::size_t perform_shutdowns(std::span<Completion> out);
  std::size_t reap(std::span<Completion> out);
  void end_operations();

  // Declared first and so freed last: until the ring is closed the kernel may write here.
  std::unique_ptr<BufferRing> buffers_;
  io_uring ring_;
  Stats& stats_;

  // The tail we have filled up to and the head the kernel has taken up to; between them lies what
  // is prepared.
  std::uint32_t submission_tail_ = 0;
  std::uint32_t submission_head_ = 0;
  std::uint32_t enter_flags_ = 0;
  int enter_descriptor_ = -1;
  std::thread::id numbered_on_;  // the thread whose number the ring has, if it has one
  bool absolute_deadlines_ = false;
  bool waits_at_once_ = false;

  std::size_t in_flight_ = 0;
  std::vector<io_uring_sqe> queued_;  // prepared while the submission queue was full (ENG-033)
  std::vector<ops::Shutdown> shutdowns_;
  std::uint64_t submit_retry_ns_ = 0;  // pause before the next try, 0 while memory is not short
  std::uint64_t submit_retry_at_ns_ = 0;
  std::uint64_t starved_since_ns_ = 0;
  Trouble told_ = Trouble::none;
  // Turned off when the kernel does not do any more what the trial has seen it do (ENG-036).
  bool multishot_accept_ = true;
  struct Listener {
    Descriptor descriptor = -1;
    bool listened = false;  // as the first accept was prepared
  };
  std::vector<Listener> listeners_;  // by the slots of their accepts
  bool multishot_receive_ = true;
  // The queues are memory shared with the kernel, and with every child of a fork (ENG-052).
  ForkGuard fork_guard_;
};

}  // namespace pelton::uring

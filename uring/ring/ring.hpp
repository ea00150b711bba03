// The engine on io_uring: an operation is a submission, a completion is a completion. Unless
// EngineOptions::one_thread is false, it is made, used and destroyed on one thread.
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
  // try_ring() finds out whether the ring really works.
  static std::expected<std::unique_ptr<RingEngine>, SetUpFailure> open(const EngineOptions& options,
                                                                       Stats& stats);
  RingEngine(const RingEngine&) = delete;
  RingEngine& operator=(const RingEngine&) = delete;
  // Cancels the operations in flight and waits for them, for at most close_timeout_ns: the kernel
  // must not write to memory freed after this.
  ~RingEngine() override;

  EngineKind kind() const override { return EngineKind::ring; }
  void accept(Token token, Descriptor listener) override;
  // A single accept: the kernel wakes one waiting accept per connection, and the next accept of the
  // same core queues after the others. A multishot would stay at the head and get every connection.
  void accept_one(Token token, Descriptor listener) override;
  void receive(Token token, Descriptor socket) override;
  void receive_into(Token token, Descriptor socket, std::span<char> memory) override;
  void send(Token token, Descriptor socket, std::span<const char> octets) override;
  // Only for large sends: copying then costs more than the system call, and a ring would copy too.
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
  // A multishot: one submission until the poll ends.
  void poll_news(Token token, Descriptor descriptor, std::uint32_t events) override;
  void nop(Token token) override;
  bool has_unread(Descriptor socket) override;
  PeerState peer_state(Descriptor socket) override;
  void reset(Descriptor socket) override;
  // Returns 0 before the deadline if a signal interrupts the wait (ENG-026).
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
  // Registers the ring's descriptor for this thread: the number it gets makes entering cheaper.
  void take_number();
  void give_number_back();
  int try_enter(std::uint32_t flags);

  io_uring_sqe& next_entry();
  io_uring_sqe& next_entry_when_full();
  void submit_queued();

  std::uint32_t prepared() const { return submission_tail_ - submission_head_; }
  std::uint32_t kernel_flags() const;
  bool completions_ready() const;
  // How many entries may be submitted now. While memory is short: none, and `deadline_ns` becomes
  // the time of the next try, if that is earlier.
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

  // Declared first and so freed last: the kernel may write here until the ring is closed.
  std::unique_ptr<BufferRing> buffers_;
  io_uring ring_;
  Stats& stats_;

  // The kernel has taken the entries before the head; those from the head to the tail are prepared.
  std::uint32_t submission_tail_ = 0;
  std::uint32_t submission_head_ = 0;
  std::uint32_t enter_flags_ = 0;
  int enter_descriptor_ = -1;
  std::thread::id numbered_on_;  // the thread in which the ring has a number, if any
  bool absolute_deadlines_ = false;
  bool waits_at_once_ = false;

  std::size_t in_flight_ = 0;
  std::vector<io_uring_sqe> queued_;  // prepared while the submission queue was full (ENG-033)
  std::vector<ops::Shutdown> shutdowns_;
  std::uint64_t submit_retry_ns_ = 0;  // pause before the next try; 0 if memory is not short
  std::uint64_t submit_retry_at_ns_ = 0;
  std::uint64_t starved_since_ns_ = 0;
  Trouble told_ = Trouble::none;
  // Turned off if the kernel refuses multishots after a trial in which they worked (ENG-036).
  bool multishot_accept_ = true;
  struct Listener {
    Descriptor descriptor = -1;
    bool listened = false;  // when the first accept was prepared
  };
  std::vector<Listener> listeners_;  // by the slot in the accept's token
  bool multishot_receive_ = true;
  // The queues are memory shared with the kernel and with every forked child (ENG-052).
  ForkGuard fork_guard_;
};

}  // namespace pelton::uring

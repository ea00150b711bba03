#include "uring/ring/set_up.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "uring/limits.hpp"

namespace pelton::uring {

namespace {

constexpr std::uint32_t common =
    IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_R_DISABLED;

constexpr auto operations =
    std::to_array<std::uint8_t>({IORING_OP_NOP, IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND,
                                 IORING_OP_CLOSE, IORING_OP_ASYNC_CANCEL, IORING_OP_POLL_ADD});

// First choice: completions are made only in io_uring_enter(2), so nothing interrupts a handler.
// Second: they are made at any system call, without an interrupt. Else the kernel interrupts.
constexpr std::array<std::uint32_t, 4> ladder = {
    common | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    common | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_CQSIZE,
    0,
};

int try_set_up(SetUp& set_up, std::uint32_t flags, std::uint32_t submission_entries,
               std::uint32_t completion_entries) {
  io_uring_params parameters{};
  parameters.flags = flags;
  if ((flags & IORING_SETUP_CQSIZE) != 0) parameters.cq_entries = completion_entries;
  const int result = io_uring_queue_init_params(submission_entries, &set_up.ring, &parameters);
  if (result == 0) {
    set_up.flags = flags;
    set_up.features = parameters.features;
  }
  return -result;
}

}  // namespace

std::span<const std::uint32_t> set_up_ladder() {
  return ladder;
}

std::expected<SetUp, SetUpFailure> set_up_ring(std::uint32_t submission_entries,
                                               std::uint32_t completion_entries, bool one_thread) {
  SetUp set_up{};
  int error = 0;
  while (true) {
    for (const std::uint32_t flags : ladder) {
      if (!one_thread && (flags & IORING_SETUP_SINGLE_ISSUER) != 0) continue;
      error = try_set_up(set_up, flags, submission_entries, completion_entries);
      if (error != EINVAL) break;
    }
    if (error == 0) return set_up;
    if (error != ENOMEM || submission_entries <= submission_entries_floor) break;
    submission_entries /= 2;
    completion_entries = std::max(completion_entries / 2, submission_entries);
  }
  return std::unexpected(SetUpFailure{error, "io_uring_setup"});
}

std::expected<void, SetUpFailure> start_ring(io_uring& ring) {
  if ((ring.flags & IORING_SETUP_R_DISABLED) == 0) return {};
  std::array<io_uring_restriction, operations.size() + 2> restrictions{};
  for (std::size_t index = 0; index < operations.size(); ++index) {
    restrictions[index].opcode = IORING_RESTRICTION_SQE_OP;
    restrictions[index].sqe_op = operations[index];
  }
  io_uring_restriction& flags = restrictions[operations.size()];
  flags.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
  flags.sqe_flags = IOSQE_BUFFER_SELECT;
  // Closing the ring gives its registered descriptor back.
  io_uring_restriction& closing = restrictions[operations.size() + 1];
  closing.opcode = IORING_RESTRICTION_REGISTER_OP;
  closing.register_op = IORING_UNREGISTER_RING_FDS;
  // Debian's liburing 2.3 declares functions for these two calls but does not export them.
  ::syscall(SYS_io_uring_register, ring.ring_fd, IORING_REGISTER_RESTRICTIONS, restrictions.data(),
            restrictions.size());
  if (::syscall(SYS_io_uring_register, ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) <
      0) {
    return std::unexpected(SetUpFailure{errno, "io_uring_register(ENABLE_RINGS)"});
  }
  return {};
}

}  // namespace pelton::uring

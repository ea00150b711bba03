#include "uring/ring/set_up.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "uring/limits.hpp"

namespace noria::uring {

namespace {

constexpr std::uint32_t common = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;

// Completions are made when we ask for them and only there, so nothing interrupts a handler; where
// the kernel cannot, it at least does not interrupt; where it cannot do that either, it interrupts.
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
                                               std::uint32_t completion_entries) {
  SetUp set_up{};
  int error = 0;
  while (true) {
    for (const std::uint32_t flags : ladder) {
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

}  // namespace noria::uring

#include "uring/ring/features.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/uring/ring/filtered.hpp"

namespace pelton::uring {
namespace {

TEST(Features, facts_name_the_system_and_what_works) {
  const RingFacts facts = ring_facts({});
  EXPECT_FALSE(facts.around.kernel_release.empty());
  EXPECT_GT(facts.around.descriptors_max, 0u);
  ASSERT_TRUE(facts.around.seccomp_mode.has_value());
  if (!facts.usable) GTEST_SKIP() << "no io_uring here: " << facts.problem.cause;
  EXPECT_EQ(facts.operations.size(), 8u);
  for (const OperationFact& operation : facts.operations) EXPECT_TRUE(operation.works);
  EXPECT_EQ(facts.submission_entries, 256u);
  EXPECT_EQ(facts.completion_entries, 2048u);
  EXPECT_EQ(facts.receive_buffer_count, 512u);
  EXPECT_EQ(facts.problem.cause, "");
}

TEST(Features, facts_tell_of_a_refused_ring) {
  const std::string text = run_refused(FilteredCalls::set_up, EPERM, [] {
    const RingFacts facts = ring_facts({});
    return std::string(facts.usable ? "usable" : "unusable") + ' ' +
           std::to_string(facts.around.seccomp_mode.value_or(-1)) + ' ' +
           std::to_string(facts.operations.size());
  });
  EXPECT_EQ(text, "unusable 2 0");
}

TEST(Features, sysctl_is_the_first_suspect_of_a_refusal) {
  Surroundings around;
  around.seccomp_mode = 2;
  around.io_uring_disabled = 2;
  const EngineError error = explain("io_uring_setup", EPERM, around);
  EXPECT_EQ(error.cause,
            "io_uring_setup: Operation not permitted (sysctl kernel.io_uring_disabled is 2)");
  EXPECT_EQ(error.remedy, "set sysctl kernel.io_uring_disabled=0");
  around.io_uring_disabled = 1;
  EXPECT_NE(explain("io_uring_setup", EPERM, around).remedy.find("kernel.io_uring_group"),
            std::string::npos);
}

TEST(Features, seccomp_is_the_second_suspect) {
  Surroundings around;
  around.io_uring_disabled = 0;
  around.seccomp_mode = 2;
  EXPECT_EQ(explain("io_uring_setup", EPERM, around).remedy,
            "allow io_uring_setup, io_uring_enter and io_uring_register in the container's "
            "seccomp profile");
  around.seccomp_mode = 0;
  EXPECT_EQ(explain("io_uring_setup", EPERM, around).remedy,
            "ask which security policy of this system forbids io_uring");
}

TEST(Features, every_errno_has_a_cause_and_a_remedy) {
  Surroundings around;
  around.kernel_release = "5.4.0";
  around.memlock_bytes_max = 65536;
  around.descriptors_max = 1024;
  EXPECT_EQ(explain("io_uring_setup", ENOSYS, around).cause,
            "io_uring_setup: Function not implemented (kernel 5.4.0)");
  EXPECT_EQ(explain("io_uring_setup", ENOMEM, around).cause,
            "io_uring_setup: Cannot allocate memory (memlock limit 65536 bytes)");
  EXPECT_EQ(explain("io_uring_setup", EMFILE, around).cause,
            "io_uring_setup: Too many open files (limit 1024)");
  EXPECT_EQ(explain("io_uring trial of send", EPROTO, around).cause,
            "io_uring trial of send: wrong result");
  EXPECT_EQ(explain("io_uring trial of nop", ETIME, around).cause,
            "io_uring trial of nop: no answer in time");
  for (int error = 1; error < 140; ++error) {
    EXPECT_FALSE(explain("call", error, around).cause.empty());
    EXPECT_FALSE(explain("call", error, around).remedy.empty());
  }
}

}  // namespace
}  // namespace pelton::uring

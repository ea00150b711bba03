#include "uring/ring/features.hpp"

#include <liburing.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "uring/ring/ring.hpp"
#include "uring/ring/trial.hpp"

// In liburing 2.4 and newer. The library at run time decides, not the headers of the build.
extern "C" {
__attribute__((weak, visibility("default"))) int io_uring_major_version();
__attribute__((weak, visibility("default"))) int io_uring_minor_version();
}

namespace pelton::uring {

namespace {

struct FlagName {
  std::uint32_t flag;
  std::string_view name;
};

constexpr std::array<FlagName, 6> flag_names = {{
    {IORING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER"},
    {IORING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN"},
    {IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"},
    {IORING_SETUP_TASKRUN_FLAG, "TASKRUN_FLAG"},
    {IORING_SETUP_CQSIZE, "CQSIZE"},
    {IORING_SETUP_SUBMIT_ALL, "SUBMIT_ALL"},
}};

std::vector<std::string_view> names_of(std::uint32_t flags) {
  std::vector<std::string_view> names;
  for (const FlagName& entry : flag_names) {
    if ((flags & entry.flag) != 0) names.push_back(entry.name);
  }
  return names;
}

std::optional<int> number_in(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::optional<int> number_of_line(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return number_in(std::string_view(line).substr(key.size()));
  }
  return std::nullopt;
}

std::uint64_t soft_limit(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? ~std::uint64_t{0} : limit.rlim_cur;
}

std::string library_version() {
  if (&io_uring_major_version == nullptr || &io_uring_minor_version == nullptr) return {};
  return std::to_string(io_uring_major_version()) + '.' + std::to_string(io_uring_minor_version());
}

EngineError not_permitted(std::string cause, const Surroundings& around) {
  const int disabled = around.io_uring_disabled.value_or(0);
  if (disabled != 0) {
    cause += " (sysctl kernel.io_uring_disabled is " + std::to_string(disabled) + ')';
    return {cause, disabled == 1 ? "set sysctl kernel.io_uring_disabled=0, or run in the group "
                                   "that kernel.io_uring_group names"
                                 : "set sysctl kernel.io_uring_disabled=0"};
  }
  if (around.seccomp_mode == 2) {
    return {cause + " (a seccomp filter is in force)",
            "allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp "
            "profile"};
  }
  return {cause, "ask which security policy of this system forbids io_uring"};
}

std::string operation_in_trial(const TrialStep& failed) {
  return "io_uring trial of " + std::string(failed.name);
}

}  // namespace

Surroundings surroundings() {
  Surroundings around;
  utsname system{};
  if (::uname(&system) == 0) around.kernel_release = system.release;
  around.io_uring_disabled = number_of_line("/proc/sys/kernel/io_uring_disabled", "");
  around.seccomp_mode = number_of_line("/proc/self/status", "Seccomp:");
  around.memlock_bytes_max = soft_limit(RLIMIT_MEMLOCK);
  around.descriptors_max = soft_limit(RLIMIT_NOFILE);
  return around;
}

EngineError explain(std::string_view call, int error, const Surroundings& around) {
  std::string cause(call);
  if (error == EPROTO) return {cause + ": wrong result", "use a kernel of 6.1 or newer"};
  cause += ": ";
  cause += error == ETIME ? "no answer in time" : std::strerror(error);
  switch (error) {
    case EPERM:
    case EACCES:
      return not_permitted(std::move(cause), around);
    case ENOSYS:
      return {cause + " (kernel " + around.kernel_release + ')',
              "use a kernel of 6.1 or newer that is built with io_uring, or allow its calls in the "
              "sandbox"};
    case EINVAL:
    case EOPNOTSUPP:
      return {cause + " (kernel " + around.kernel_release + ')', "use a kernel of 6.1 or newer"};
    case ENOMEM:
      return {cause + " (memlock limit " + std::to_string(around.memlock_bytes_max) + " bytes)",
              "raise the memlock limit (ulimit -l, LimitMEMLOCK=) or the memory limit"};
    case EMFILE:
    case ENFILE:
      return {cause + " (limit " + std::to_string(around.descriptors_max) + ')',
              "raise the limit of open files (ulimit -n, LimitNOFILE=)"};
    default:
      return {std::move(cause), "use the epoll engine here"};
  }
}

std::expected<TriedRing, EngineError> open_tried_ring(const EngineOptions& options, Stats& stats) {
  auto ring = RingEngine::open(options, stats);
  if (!ring) return std::unexpected(explain(ring.error().call, ring.error().error, surroundings()));
  const std::vector<TrialStep> report = try_ring(**ring);
  if (const TrialStep& last = report.back(); last.error != 0) {
    return std::unexpected(explain(operation_in_trial(last), last.error, surroundings()));
  }
  std::vector<std::string_view> flags = names_of((*ring)->set_up_flags());
  return TriedRing{std::move(*ring), std::move(flags)};
}

RingFacts ring_facts(const EngineOptions& options) {
  RingFacts facts;
  facts.around = surroundings();
  facts.liburing_version = library_version();
  Stats stats;
  auto ring = RingEngine::open(options, stats);
  if (!ring) {
    facts.problem = explain(ring.error().call, ring.error().error, facts.around);
    return facts;
  }
  facts.set_up_flags = names_of((*ring)->set_up_flags());
  facts.submission_entries = (*ring)->submission_entries();
  facts.completion_entries = (*ring)->completion_entries();
  facts.receive_buffer_count = (*ring)->buffers().buffer_count();
  const std::vector<TrialStep> report = try_ring(**ring);
  for (const TrialStep& step : report) facts.operations.push_back({step.name, step.error == 0});
  facts.usable = report.back().error == 0;
  if (!facts.usable) {
    facts.problem = explain(operation_in_trial(report.back()), report.back().error, facts.around);
  }
  return facts;
}

}  // namespace pelton::uring

#include "tests/support/scripted_engine.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pelton::support {

using uring::Completion;
using uring::Descriptor;
using uring::Operation;
using uring::Token;

namespace {

uring::EngineOptions options_of(const Script& script) {
  uring::EngineOptions options;
  options.receive_buffer_count = script.receive_buffer_count;
  options.receive_buffer_bytes = script.receive_buffer_bytes;
  return options;
}

// Whether the connection is gone after this errno; other errors leave it as it was.
bool kills_connection(int error) {
  switch (error) {
    case ECONNRESET:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ECONNABORTED:
    case ENOTCONN:
      return true;
    default:
      return false;
  }
}

// Only for these operations the generation alone shows a stale completion, however slots are named.
bool can_be_stale(Operation operation) {
  return operation == Operation::accept || operation == Operation::receive ||
         operation == Operation::send;
}

}  // namespace

ScriptedEngine::ScriptedEngine(Script script, std::uint64_t seed, VirtualClock& clock)
    : MemoryEngine(options_of(script)),
      script_(std::move(script)),
      seed_(seed),
      random_(seed),
      clock_(clock) {}

ScriptedEngine::ScriptedEngine(Script script, std::span<const std::uint8_t> tape,
                               VirtualClock& clock)
    : MemoryEngine(options_of(script)), script_(std::move(script)), random_(tape), clock_(clock) {}

std::string ScriptedEngine::story() const {
  return "script " + std::string(script_.name) +
         ", again with PELTON_SEED=" + std::to_string(seed_);
}

std::size_t ScriptedEngine::turn(std::span<Completion> out, std::uint64_t deadline_ns,
                                 const uring::WaitHook&) {
  scribble_on_idle_buffers();
  submit();
  for (;;) {
    while (!events_.empty() && events_.top().at_ns <= clock_.now_ns()) {
      const Event event = events_.top();
      events_.pop();
      act_on(event);
    }
    progress(out.size());
    tell();
    read_as_peers();
    const std::size_t count = reap(out);
    if (count > 0) return count;
    if (events_.empty() || events_.top().at_ns > deadline_ns) break;
    if (events_.top().at_ns > clock_.now_ns()) {
      clock_.advance_ns(events_.top().at_ns - clock_.now_ns());
    }
  }
  reach_deadline(deadline_ns);
  return 0;
}

void ScriptedEngine::reach_deadline(std::uint64_t deadline_ns) {
  const std::uint64_t now_ns = clock_.now_ns();
  if (deadline_ns == uring::no_deadline || deadline_ns <= now_ns) return;
  std::uint64_t until_ns = deadline_ns;
  if (random_.chance(script_.timer_skew)) {
    const bool late = random_.chance(0.5);
    if (late) {
      until_ns += script_.tick_ns;
    } else if (until_ns - now_ns > script_.tick_ns) {
      until_ns -= script_.tick_ns;
    }
  }
  clock_.advance_ns(until_ns - now_ns);
}

// A read of a buffer after it was given back sees nonsense at once.
void ScriptedEngine::scribble_on_idle_buffers() {
  for (const uring::BufferId id : buffer_stack().idle()) {
    std::memset(buffer_stack().data(id), 0xDB, buffer_stack().buffer_bytes());
  }
}

std::int32_t ScriptedEngine::send_at_once(uring::Descriptor socket, std::span<const char> octets) {
  return random_.chance(script_.send_at_once) ? send_now(socket, octets) : -EAGAIN;
}

std::int64_t ScriptedEngine::send_file_at_once(uring::Descriptor socket, uring::Descriptor file,
                                               std::uint64_t offset, std::size_t bytes) {
  end_stall(socket, Operation::send);
  std::vector<char> octets(bytes);
  const ssize_t read = ::pread(file, octets.data(), bytes, static_cast<off_t>(offset));
  if (read <= 0) return read < 0 ? -errno : 0;
  return send_now(socket, std::span(octets).first(static_cast<std::size_t>(read)));
}

uring::MemoryEngine::Fate ScriptedEngine::fate(const Occasion& occasion) {
  Fate fate;
  if (occasion.operation == Operation::accept) {
    // Once one connection is accepted, all waiting ones are.
    if (burst_at_ns_ != clock_.now_ns() && random_.chance(script_.accept_bursts)) {
      late_wake(occasion.descriptor);
      fate.waits = true;
      return fate;
    }
    burst_at_ns_ = clock_.now_ns();
  } else if (random_.chance(script_.operation_late)) {
    late_wake(occasion.descriptor);
    fate.waits = true;
    return fate;
  }

  fate.error = draw_error(occasion);
  if (fate.error != 0) {
    ++doings_.errors[{occasion.operation, fate.error}];
    stalls_.try_emplace({occasion.descriptor, occasion.operation}, clock_.now_ns());
    if (occasion.operation != Operation::accept) {
      const bool lost = kills_connection(fate.error);
      note_fault(occasion.descriptor, lost);
      if (lost) lose(occasion.descriptor);
    }
    return fate;
  }

  const bool sends = occasion.operation == Operation::send;
  const double short_chance = sends ? script_.send_short : script_.receive_short;
  if (occasion.operation != Operation::accept && occasion.available > 1 &&
      random_.chance(short_chance)) {
    // A cut to one octet finds most defects.
    fate.bytes_max = random_.chance(0.5) ? 1 : random_.from_one_to(occasion.available - 1);
    if (sends) ++doings_.short_sends;
  }
  const bool multishot = occasion.operation == Operation::accept || occasion.leased_buffers;
  if (multishot && occasion.available > 0 && random_.chance(script_.multishot_ends)) {
    fate.ends = true;
    ++doings_.multishots_ended;
  }
  return fate;
}

int ScriptedEngine::draw_error(const Occasion& occasion) {
  const std::uint64_t time = ++occasions_[occasion.operation];
  // One draw decides between all faults, so that a tape spends one octet on it.
  double drawn = 2;
  for (const Fault& fault : script_.faults) {
    if (fault.operation != occasion.operation) continue;
    // Private memory never runs out of leased buffers.
    if (fault.error == ENOBUFS && fault.operation == Operation::receive &&
        !occasion.leased_buffers) {
      continue;
    }
    // An engine never reports EAGAIN for a send: it waits for room itself.
    if (fault.error == EAGAIN && fault.operation == Operation::send) continue;
    if (fault.nth == time) return fault.error;
    if (fault.probability <= 0) continue;
    if (drawn > 1) drawn = random_.fraction();
    if (drawn < fault.probability) return fault.error;
    drawn -= fault.probability;
  }
  return 0;
}

void ScriptedEngine::late_wake(Descriptor descriptor) {
  schedule(Act::wake, static_cast<std::uint64_t>(descriptor), lateness_ns());
}

std::uint64_t ScriptedEngine::lateness_ns() {
  return random_.from_one_to(std::max<std::uint64_t>(script_.late_ns_max, 1));
}

void ScriptedEngine::post(const Completion& completion) {
  const Token token = completion.token;
  if (token.operation() == Operation::shutdown || token.operation() == Operation::close) {
    return post_ending(completion);
  }
  if (!completion.more) {
    std::erase(racing_, token);
    if (can_be_stale(token.operation())) {
      finals_[{token.operation(), token.slot()}] = {token, completion.result};
    }
  }
  fresh_.push_back(completion);
}

// A shutdown or close takes effect even if its completion reports a failure, as with close(2).
void ScriptedEngine::post_ending(const Completion& completion) {
  Completion ending = completion;
  if (const int error = draw_error({.operation = completion.token.operation()}); error != 0) {
    ++doings_.errors[{completion.token.operation(), error}];
    ending.result = -error;
  }
  fresh_.push_back(ending);
}

// Completions of one operation keep their order, as in a kernel; others may change places.
void ScriptedEngine::tell() {
  std::vector<Completion> told;
  for (const Completion& completion : fresh_) {
    std::uint64_t until_ns = 0;
    for (const Held& held : held_) {
      if (held.completion.token == completion.token) until_ns = std::max(until_ns, held.until_ns);
    }
    if (until_ns == 0 && random_.chance(script_.completion_late)) {
      until_ns = clock_.now_ns() + lateness_ns();
    }
    if (until_ns != 0) {
      hold(completion, until_ns);
    } else {
      told.push_back(completion);
    }
  }
  fresh_.clear();
  for (std::size_t index = 1; index < told.size(); ++index) {
    if (told[index].token != told[index - 1].token &&
        random_.chance(script_.completion_reordered)) {
      std::swap(told[index], told[index - 1]);
    }
  }
  for (const Completion& completion : told) push_completion(completion);
}

void ScriptedEngine::hold(const Completion& completion, std::uint64_t until_ns) {
  held_.push_back({until_ns, completion});
  schedule(Act::release, 0, until_ns - std::min(until_ns, clock_.now_ns()));
}

void ScriptedEngine::release_held() {
  std::erase_if(held_, [&](const Held& held) {
    if (held.until_ns > clock_.now_ns()) return false;
    push_completion(held.completion);
    return true;
  });
}

// An operation of a newer generation in the same slot makes the older completion stale.
void ScriptedEngine::prepared(const uring::Submission& submission) {
  const Token token = submission.token;
  switch (submission.operation) {
    case Operation::close:
      end_stalls(submission.descriptor);
      break;
    case Operation::send:
      // The server may pause reading until the send has ended.
      end_stall(submission.descriptor, Operation::receive);
      [[fallthrough]];
    case Operation::receive:
    case Operation::accept:
      end_stall(submission.descriptor, submission.operation);
      break;
    default:
      break;
  }
  if (!can_be_stale(submission.operation)) return;
  const auto found = finals_.find({token.operation(), token.slot()});
  if (found == finals_.end() || found->second.token.generation() == token.generation()) return;
  const Final old = found->second;
  finals_.erase(found);
  if (random_.chance(script_.stale_completion)) repeat_stale(old);
}

void ScriptedEngine::reset(Descriptor socket) {
  end_stalls(socket);
  MemoryEngine::reset(socket);
}

void ScriptedEngine::end_stall(Descriptor descriptor, Operation operation) {
  const auto found = stalls_.find({descriptor, operation});
  if (found == stalls_.end()) return;
  longest_stall_ns_ = std::max(longest_stall_ns_, clock_.now_ns() - found->second);
  stalls_.erase(found);
}

void ScriptedEngine::end_stalls(Descriptor descriptor) {
  for (const Operation operation : {Operation::receive, Operation::send}) {
    end_stall(descriptor, operation);
  }
}

void ScriptedEngine::repeat_stale(const Final& old) {
  Completion completion{.token = old.token, .result = old.result};
  if (old.token.operation() == Operation::accept) {
    completion.result = open_stray();
  } else if (old.token.operation() == Operation::receive && old.result > 0) {
    if (buffer_stack().empty()) return;
    const std::size_t bytes =
        std::min(static_cast<std::size_t>(old.result), buffer_stack().buffer_bytes());
    completion.buffer = buffer_stack().lend();
    std::memset(buffer_stack().data(completion.buffer), 'S', bytes);
    completion.result = static_cast<std::int32_t>(bytes);
  }
  ++doings_.stale_completions;
  count_stray();
  push_completion(completion);
}

std::int32_t ScriptedEngine::cancel_now(Token target) {
  if (!in_flight(target)) return -ENOENT;
  if (!random_.chance(script_.cancel_races)) return MemoryEngine::cancel_now(target);
  ++doings_.cancels_raced;
  racing_.push_back(target);
  schedule(Act::end_target, target.bits(), lateness_ns());
  return -EALREADY;
}

void ScriptedEngine::schedule(Act act, std::uint64_t subject, std::uint64_t delay_ns) {
  events_.push({clock_.now_ns() + delay_ns, events_scheduled_++, act, subject});
}

void ScriptedEngine::act_on(const Event& event) {
  const auto number = static_cast<std::size_t>(event.subject);
  switch (event.act) {
    case Act::connect:
      return connect_player(number);
    case Act::speak:
      return speak(number);
    case Act::read:
      return read_late(number);
    case Act::hang_up:
      return leave(number);
    case Act::wake:
      return wake(static_cast<Descriptor>(event.subject));
    case Act::end_target:
      if (std::erase(racing_, Token(event.subject)) > 0) {
        end_operation(Token(event.subject), ECANCELED);
      }
      return;
    case Act::release:
      return release_held();
  }
}

}  // namespace pelton::support

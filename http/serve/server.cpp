#include "http/serve/server.hpp"

#include <poll.h>

#include <cerrno>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "core/check.hpp"
#include "uring/sockets/socket_options.hpp"

namespace pelton::http {

using uring::Completion;
using uring::Operation;
using uring::Token;

namespace {

constexpr std::uint64_t accept_pause_ms = 100;    // ENG-028
constexpr std::uint64_t idle_for_room_ms = 1000;  // PRC-042
constexpr std::uint64_t quick_stop_ms = 1000;     // PRC-002
// How long a stop goes on accepting if clients connect without a pause.
constexpr std::uint64_t accept_in_stop_ms_max = 1000;
// How often a stop checks whether the supervisor has shut the listeners down.
constexpr std::uint64_t shut_look_ms = 10;
// After so many turns a listener that is shut down has no more connections.
constexpr std::uint32_t turns_shut_max = 2;
constexpr std::uint64_t nanoseconds_per_ms = 1'000'000;

// How long handlers may run in a turn before answers are sent and new arrivals read.
constexpr std::uint64_t work_ns_min = 4'000'000;
// After a turn that refused requests, handlers may run nine times as long as the rest of it took,
// so that refusing costs a tenth of the time; but not longer than this, since refusals wait
// meanwhile.
constexpr std::uint64_t work_ns_max = 25'000'000;
constexpr std::uint64_t work_per_refusing = 9;
// How long handshakes may take in a turn, after the requests in it; at least one step of one.
constexpr std::uint64_t handshake_ns_max = 1'000'000;
// So many may wait, however long: a few clients of slow handlers are no overload.
constexpr std::uint64_t waiting_always = 64;

// A queue stands after two waits in a row longer than this: a quarter of the longest allowed wait.
std::uint64_t long_wait_ns(const ServerConfig& config) {
  return config.queue_timeout_ms == no_limit ? no_limit
                                             : config.queue_timeout_ms * nanoseconds_per_ms / 4;
}

}  // namespace

Server::Server(const ServerParts& parts) : shared_(parts), standing_(long_wait_ns(parts.config)) {
  const auto hear = [](void* context, uring::Trouble trouble, int error) {
    static_cast<Server*>(context)->meet(trouble, error);
  };
  shared_.engine.tell_trouble_to({.call = hear, .context = this});
}

Server::~Server() {
  shared_.engine.tell_trouble_to({});
  CHECK(shared_.connections.live() == 0);
}

void Server::listen(uring::Descriptor listener, Sharing sharing, Owner owner,
                    FilterSource* filters) {
  if (filters != nullptr && std::ranges::find(filter_sources_, filters) == filter_sources_.end()) {
    filter_sources_.push_back(filters);
  }
  listeners_.push_back({.descriptor = listener,
                        .sharing = sharing,
                        .owner = owner,
                        .filters = filters,
                        .queue_max = shared_.engine.kind() == uring::EngineKind::memory
                                         ? 0
                                         : uring::accept_queue_max(listener),
                        .end = ListenerEnd(listener)});
}

// --- the turn ---

void Server::settle(std::uint64_t seen_ns) {
  // Receives that wait for a turn have arrived, but have not been read.
  const TurnQueue& queue = shared_.turn_queue;
  shared_.seen_ns = queue.empty() ? seen_ns : std::min(seen_ns, queue.seen_ns());
  shared_.seen_ms = shared_.seen_ns / nanoseconds_per_ms;
  if (shared_.logs != nullptr) shared_.logs->writer.commit();
  if (shared_.response_blocks.refresh(shared_.clock.wall_seconds())) [[unlikely]] {
    shared_.give_back_idle();
    look_at_filter_sources();
  }
  if (stop_wanted_.load(std::memory_order_relaxed) != Stop::none) [[unlikely]]
    proceed_with_stop();
  admit_waiting();
  if (shared_.companion != nullptr) {
    shared_.companion->settle(seen_ns);
    companion_wait_ns_ = shared_.companion->wait_ns();
  }
  // Handlers may have taken time, and deadlines are set from here on.
  shared_.clock.reread();
  inspect_timers();
  while (Connection* connection = shared_.to_settle.pop_front()) connection->settle();
  while (Connection* connection = shared_.to_close.pop_front()) connection->try_close();
  arm_listeners();
}

std::uint64_t Server::next_deadline_ns() const {
  if (goes_on()) return 0;
  std::uint64_t deadline_ms = std::min(shared_.timers.next_wake_ms(),
                                       shared_.clock.now_ms() + shared_.turn_interval_ms_max);
  for (const Listener& listener : listeners_) {
    if (listener.paused_until_ms != 0) {
      deadline_ms = std::min(deadline_ms, listener.paused_until_ms);
    }
  }
  if (shared_.orphans.count() != 0) [[unlikely]]
    deadline_ms = std::min(deadline_ms, shared_.orphans.next_wake_ms());
  if (!waiting_.empty()) deadline_ms = std::min(deadline_ms, room_wanted_at_ms_);
  if (stop_noticed_ != Stop::none) [[unlikely]]
    deadline_ms = std::min(deadline_ms, stopping_deadline_ms());
  std::uint64_t deadline_ns = deadline_ms >= ServerParts::turn_whenever
                                  ? uring::no_deadline
                                  : deadline_ms * nanoseconds_per_ms;
  if (!shared_.transports.retries.empty())
    deadline_ns = std::min(deadline_ns, shared_.transports.retries.top().at_ns);
  return shared_.companion == nullptr
             ? deadline_ns
             : std::min(deadline_ns, shared_.companion->next_deadline_ns());
}

std::uint64_t Server::stopping_deadline_ms() const {
  if (!shared_.stopping) return stop_at_ms_;
  if (accepting_over_) return stop_deadline_ms_;
  const bool waits_for_others =
      queues_emptied_ && listeners_end_ == ListenersEnd::shut_by_others &&
      std::ranges::all_of(listeners_, [](const Listener& at) { return at.turns_shut == 0; });
  // Otherwise accepting ends a few turns after the queue was found empty, and these must follow
  // soon.
  const std::uint64_t look_ms = waits_for_others ? shut_look_ms : 1;
  return std::min(stop_deadline_ms_, shared_.clock.now_ms() + look_ms);
}

// The connection that a completion is for; null if it has ended.
inline Connection* Server::addressee(const Completion& completion) {
  const Token token = completion.token;
  Connection* const connection = shared_.connections.find(token.slot(), token.generation());
  if (connection != nullptr) [[likely]]
    return connection;
  shared_.stats.count(Reason::engine_stale_completion);
  if (completion.buffer != uring::no_buffer) {
    shared_.receive_buffers.give_back(completion.buffer);
  }
  return nullptr;
}

// True if a connection was accepted.
[[gnu::always_inline]] inline bool Server::deliver(std::span<const Completion> batch) {
  bool accepted = false;
  std::size_t clock_at = 1;
  for (std::size_t index = 0; index < batch.size(); ++index) {
    const Completion& completion = batch[index];
    if (completion.token.operation() == Operation::receive) [[likely]] {
      if (index >= clock_at) [[unlikely]] {
        clock_at = next_clock_at(index);
        if (clock_at == 0) return deliver_in_turn(batch.subspan(index)) || accepted;
      }
      if (Connection* const connection = addressee(completion)) {
        connection->complete_receive(completion);
      }
      continue;
    }
    accepted |= deliver_other(completion);
  }
  return accepted;
}

// Handles a completion that is no receive; it runs no handler.
inline bool Server::deliver_other(const Completion& completion) {
  switch (completion.token.operation()) {
    case Operation::send:
      if (Connection* const connection = addressee(completion)) {
        connection->complete_send(completion.result);
      }
      return false;
    case Operation::accept:
      complete_accept(completion);
      return completion.result >= 0;
    case Operation::poll:
      if (completion.token.generation() != 0) {
        shared_.companion->complete(std::span(&completion, 1));
        return false;
      }
      wake_armed_ = wake_cancelled_ = false;
      shared_.woken();
      return false;
    case Operation::cancel:
      if (completion.token.generation() == 0) return false;  // a listener's, or the wake's
      [[fallthrough]];
    default:
      if (Connection* const connection = addressee(completion)) connection->complete(completion);
      return false;
  }
}

void Server::complete(std::span<const Completion> batch) {
  ++shared_.turn;
  turn_since_ns_ = shared_.clock.now_ns();
  const bool plain = shared_.turn_queue.empty() && companion_wait_ns_ == 0 &&
                     batch.size() <= shared_.config.handlers_queued_max;
  bool accepted = false;
  if (plain) [[likely]] {
    work_ns_max_ = work_ns_min;
    refused_in_turn_ = 0;
    shared_.served_since_ns = 0;
    accepted = deliver(batch);
  } else {
    shared_.served_since_ns = turn_since_ns_;
    plan_turn();
    accepted = deliver_in_turn(batch);
  }
  if (!shared_.handshakes.empty()) [[unlikely]]
    shake_hands();
  // Completions that the engine has left for the next batch may be connections.
  if (!shared_.stopping || accepting_over_) [[likely]]
    return;
  const bool emptied = !accepted && !shared_.engine.left_behind();
  if (emptied || queues_emptied_ || shared_.clock.now_ms() >= accept_until_ms_) {
    end_accepting(emptied);
  }
}

// --- the order in which connections are served ---

bool Server::turn_is_over() {
  shared_.served_since_ns = shared_.clock.read_ns();
  return shared_.served_since_ns - turn_since_ns_ >= work_ns_max_;
}

// Returns after how many completions of the turn to read the clock again, when so many have been
// delivered; 0 if the turn is over.
[[gnu::noinline]] std::size_t Server::next_clock_at(std::size_t completions) {
  const std::uint64_t now_ns = shared_.clock.read_ns();
  const std::uint64_t elapsed_ns = now_ns - turn_since_ns_;
  if (elapsed_ns >= work_ns_max_) {
    shared_.served_since_ns = now_ns;
    return 0;
  }
  return completions + count_until_look(completions, elapsed_ns, work_ns_max_);
}

// Decides how long handlers may run in this turn: the work of refusing must not take the time of
// requests that are served (PRC-041).
void Server::plan_turn() {
  work_ns_max_ = work_ns_min;
  if (refused_in_turn_ == 0) return;
  const std::uint64_t other_ns = turn_since_ns_ - refusing_since_ns_ - worked_ns_;
  work_ns_max_ = std::clamp(other_ns * work_per_refusing, work_ns_min, work_ns_max);
}

// Serves the connections in the queue, then the batch; receives for which the turn has no time join
// the queue.
[[gnu::noinline]] bool Server::deliver_in_turn(std::span<const Completion> batch) {
  TurnQueue& queue = shared_.turn_queue;
  refusing_since_ns_ = turn_since_ns_;
  refused_in_turn_ = handled_in_turn_ = 0;
  // Connections with more to do join the queue again, for the next turn.
  std::size_t waiting = queue.size();
  bool over = shared_.served_since_ns - turn_since_ns_ >= work_ns_max_;
  while (waiting > 0 && !over) {
    serve_next(queue);
    --waiting;
    over = turn_is_over();
  }
  worked_ns_ = shared_.served_since_ns - turn_since_ns_;
  bool accepted = false;
  for (const Completion& completion : batch) {
    if (completion.token.operation() != Operation::receive) {
      accepted |= deliver_other(completion);
      continue;
    }
    if (waiting == 0 && !over) over = turn_is_over();
    admit(completion, waiting == 0 && !over);
  }
  standing_.look(shared_.clock.read_ns(), queue.joined(), queue.left());
  shared_.handler_queue_full = false;
  return accepted;
}

// Gives the first connection in the queue its turn: one slice of its requests.
void Server::serve_next(TurnQueue& queue) {
  const Token place = queue.take_first();
  const auto find = [&] { return shared_.connections.find(place.slot(), place.generation()); };
  Connection* connection = find();
  if (connection == nullptr) return;
  const std::uint64_t requests = connection->request_count();
  connection->begin_turn();
  while (connection != nullptr && connection->awaits_receives() &&
         connection->request_count() == requests) {
    connection->take_waiting_receive();
    connection = find();
  }
  if (connection != nullptr) connection->end_turn();
}

// Goes on with handshakes, in the order in which their octets came (TLS-003).
[[gnu::noinline]] void Server::shake_hands() {
  TurnQueue& queue = shared_.handshakes;
  const std::uint64_t until_ns = shared_.clock.read_ns() + handshake_ns_max;
  std::size_t waiting = queue.size();
  do {
    serve_next(queue);
  } while (--waiting != 0 && shared_.clock.read_ns() < until_ns);
}

void Server::look_at_filter_sources() {
  for (FilterSource* const source : filter_sources_) {
    const std::optional<FilterSource::News> news = source->look();
    if (!news) continue;
    const bool is_bad = news->reason != Reason::none;
    if (is_bad) shared_.stats.count(news->reason);
    if (shared_.logs == nullptr) continue;
    shared_.logs->events.say(is_bad ? LogLevel::error : LogLevel::info, "pelton.tls", news->text);
  }
}

// Serves or refuses what a receive brought, or lets it wait for a turn.
void Server::admit(const Completion& completion, bool in_place) {
  Connection* const connection = addressee(completion);
  if (connection == nullptr) return;
  const std::uint64_t requests = connection->request_count();
  const bool refused = connection->may_begin_request() && refuses();
  if (!refused && (!in_place || connection->awaits_receives())) {
    return connection->await_turn_with(completion);
  }
  shared_.handler_queue_full = refused;
  shared_.may_shed |= refused;
  connection->complete_receive(completion);
  shared_.handler_queue_full = false;
  const Token token = completion.token;
  const Connection* const still = shared_.connections.find(token.slot(), token.generation());
  if (still == nullptr || still->request_count() == requests) return;
  ++(refused ? refused_in_turn_ : handled_in_turn_);
}

// Whether a request that arrives now is refused (PRC-040). A receive counts once, since its
// requests would wait for each other anyway.
bool Server::refuses() const {
  const ServerConfig& config = shared_.config;
  const std::uint64_t waiting = shared_.turn_queue.size();
  if (waiting + handled_in_turn_ >= config.handlers_queued_max) return true;
  if (config.queue_timeout_ms == no_limit) return false;
  const std::uint64_t wait_ns_max = config.queue_timeout_ms * nanoseconds_per_ms;
  if (waiting >= waiting_always && standing_.wait_ns(waiting) > wait_ns_max) return true;
  return shared_.pending.live() >= waiting_always && companion_wait_ns_ > wait_ns_max;
}

void Server::inspect_timers() {
  while (TimerNode* node = shared_.timers.pop_due(shared_.seen_ms))
    static_cast<Connection*>(node)->inspect();
  while (const OrphanedHandler* const due = shared_.orphans.pop_due(shared_.seen_ms)) {
    shared_.tell(Reason::fault_request_timeout, nullptr);
    due->expire();
  }
  while (!shared_.transports.retries.empty() &&
         shared_.transports.retries.top().at_ns <= shared_.clock.now_ns()) {
    const Token place = shared_.transports.retries.top().place;
    shared_.transports.retries.pop();
    Connection* const connection = shared_.connections.find(place.slot(), place.generation());
    if (connection != nullptr) connection->retry();
  }
  if (shared_.stopping && shared_.seen_ms >= stop_deadline_ms_) {
    if (!accepting_over_) close_listeners();
    shared_.connections.for_each([](Connection& connection) { connection.cut_at_deadline(); });
    for (; !waiting_.empty(); waiting_.pop_front()) {
      shared_.stats.count(Reason::cut_drain_deadline);
      shared_.held.remove(waiting_.front().descriptor);
      shared_.engine.reset(waiting_.front().descriptor);
    }
  }
}

// --- accepting ---

bool Server::room_for_connection() const {
  return !shared_.connections.full() && shared_.connections.live() < shared_.config.connections_max;
}

void Server::arm_listeners() {
  if (accepting_over_ && nothing_left()) {
    disarm_wake();
  } else if (!wake_armed_ && shared_.engine.kind() != uring::EngineKind::memory) {
    wake_armed_ = true;
    shared_.engine.poll(Token(Operation::poll, 0, 0), shared_.wake.descriptor(), POLLIN);
  }
  if (accepting_over_ || engine_starved_) return;
  const bool room_made = std::exchange(shared_.room_made, false);
  for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
    Listener& listener = listeners_[index];
    if (room_made) listener.paused_until_ms = 0;
    const bool for_one =
        accepts_singly_ || listener.sharing == Sharing::with_others || !takes_burst(listener);
    if (listener.armed && for_one && !listener.armed_for_one) call_off_accept(index);
    if (listener.armed || listener.over || listener.paused_until_ms > shared_.clock.now_ms()) {
      continue;
    }
    listener.paused_until_ms = 0;  // a deadline: also cleared while connections wait for room
    if (!waiting_.empty()) continue;
    listener.armed = true;
    listener.cancelling = false;
    listener.armed_for_one = for_one;
    const Token token(Operation::accept, 0, index);
    if (for_one) {
      shared_.engine.accept_one(token, listener.descriptor);
    } else {
      shared_.engine.accept(token, listener.descriptor);
    }
  }
}

// Whether there is room for all connections that may wait in the listener's queue: a multishot
// accepts them before it can be cancelled, and with them uses descriptors that files and logs need
// (LIM-030).
bool Server::takes_burst(const Listener& listener) const {
  const std::uint64_t live = shared_.connections.live();
  const std::uint64_t connections_max = shared_.config.connections_max;
  return live < connections_max && listener.queue_max <= connections_max - live;
}

void Server::admit_waiting() {
  while (!waiting_.empty() && room_for_connection()) {
    open_connection(waiting_.front().descriptor, waiting_.front().filters);
    waiting_.pop_front();
  }
  if (!waiting_.empty() && room_wanted_at_ms_ <= shared_.seen_ms) make_room();
}

void Server::open_connection(uring::Descriptor descriptor, FilterSource* filters) {
  Connection& connection = shared_.connections.emplace(shared_, descriptor);
  const uring::Token place = connection.place();
  idle_order_.add(place.slot(), place.generation(), shared_.clock.now_ms(),
                  shared_.connections.live(), [this](const IdleOrder::Entry& entry) {
                    return shared_.connections.find(entry.slot, entry.generation) != nullptr;
                  });
  connection.open(filters);
}

// Closes the connections that have been idle longest, to make room for those that wait.
void Server::make_room() {
  const std::uint64_t seen_ms = shared_.seen_ms;
  room_wanted_at_ms_ = seen_ms + TimerWheel::tick_ms;
  if (seen_ms < idle_for_room_ms) return;
  const auto active_ms_of = [&](const IdleOrder::Entry& entry) -> std::optional<std::uint64_t> {
    const Connection* const connection = shared_.connections.find(entry.slot, entry.generation);
    if (connection == nullptr) return std::nullopt;
    return std::min(connection->idle_since_ms(), seen_ms);
  };
  for (std::size_t count = waiting_.size(); count != 0; --count) {
    const auto longest = idle_order_.take(seen_ms - idle_for_room_ms, active_ms_of);
    if (!longest) return;
    shared_.connections.find(longest->slot, longest->generation)->give_way();
  }
}

void Server::complete_accept(const Completion& completion) {
  const std::uint32_t index = completion.token.slot();
  CHECK(index < listeners_.size());
  Listener& listener = listeners_[index];
  if (!completion.more) {
    listener.armed = false;
    if (accepting_over_) take_left_connection(index);
  }
  if (completion.result >= 0) {
    if (!shared_.held.add(completion.result)) [[unlikely]]
      return doubt_accepts(index);
    odd_accepts_ = 0;
    if (waiting_.empty() && room_for_connection()) {
      return open_connection(completion.result, listener.filters);
    }
    shared_.tell(Reason::shed_connections, nullptr);
    if (waiting_.empty()) room_wanted_at_ms_ = shared_.clock.now_ms();
    waiting_.push_back({completion.result, listener.filters});
    call_off_accept(index);
    return;
  }
  switch (-completion.result) {
    case ECANCELED:
    case EINTR:
    case EAGAIN:
      break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      // Open connections are served; the others wait in the backlog until a descriptor is free.
      shared_.tell(Reason::shed_accept, nullptr);
      pause_accept(listener);
      break;
    case ENOTSOCK:
    case EINVAL:
    case EBADF:
    case EOPNOTSUPP:
      if (shared_.stopping && listeners_end_ != ListenersEnd::outlive_it)
        return end_listening(index);
      // The listener itself is reported as wrong: accepting again at once would fail forever.
      doubt_accepts(index);
      return pause_accept(listener);
    default:
      shared_.stats.count(Reason::lost_accept);
      break;
  }
}

// No pause if accepting will not resume: its deadline would stay in the past.
void Server::pause_accept(Listener& listener) {
  if (accepting_over_ || engine_starved_) return;
  listener.paused_until_ms = shared_.clock.now_ms() + accept_pause_ms;
}

void Server::call_off_accept(std::uint32_t index) {
  Listener& listener = listeners_[index];
  listener.paused_until_ms = 0;
  if (!listener.armed || listener.cancelling) return;
  listener.cancelling = true;
  shared_.engine.cancel(Token(Operation::cancel, 0, index), Token(Operation::accept, 0, index));
}

// The kernel wakes one of the accepts that wait on a listener. If it was this one that was woken as
// it was called off, a connection waits in the queue, and no other process hears of it.
void Server::take_left_connection(std::uint32_t index) {
  Listener& listener = listeners_[index];
  if (listeners_end_ != ListenersEnd::outlive_it || shared_.clock.now_ms() >= accept_until_ms_ ||
      !has_connection_waiting(listener.descriptor)) {
    return;
  }
  listener.armed = true;
  listener.cancelling = false;
  shared_.engine.accept_one(Token(Operation::accept, 0, index), listener.descriptor);
  call_off_accept(index);  // unless it completes at once
}

// ENG-030: ignores an impossible result of an accept; after two in a row no result can be trusted.
[[gnu::noinline]] void Server::doubt_accepts(std::uint32_t index) {
  shared_.tell(Reason::fallback_accept_single, nullptr);
  accepts_singly_ = true;
  call_off_accept(index);
  if (++odd_accepts_ == 2) retire("accepts go astray");
}

// --- trouble of the engine ---

[[gnu::noinline]] void Server::meet(uring::Trouble trouble, int error) {
  engine_starved_ = trouble == uring::Trouble::starved;
  switch (trouble) {
    case uring::Trouble::none:
      return;
    case uring::Trouble::starved:
      shared_.tell(Reason::shed_accept, nullptr);
      for (std::uint32_t index = 0; index < listeners_.size(); ++index) call_off_accept(index);
      return;
    case uring::Trouble::unusable:
    case uring::Trouble::broken:
      return retire(std::strerror(error));
  }
}

// Other processes take over the work of this core; requests that have begun are finished if
// possible.
void Server::retire(std::string_view why) {
  if (std::exchange(retired_, true)) return;
  if (shared_.logs != nullptr) {
    const std::string text = "the engine fails (" + std::string(why) + "); this worker drains";
    shared_.logs->events.say(LogLevel::error, "pelton.engine", text);
  }
  stop();
}

bool Server::overdue() const {
  constexpr std::uint64_t patience_ms = 1000;
  return retired_ && shared_.stopping && !finished() &&
         shared_.clock.now_ms() >= stop_deadline_ms_ + patience_ms;
}

// --- settling, ending ---

void Server::stop() {
  want(Stop::graceful);
}

void Server::stop_quickly() {
  want(Stop::quick);
}

void Server::want(Stop stop) {
  Stop before = stop_wanted_.load(std::memory_order_relaxed);
  while (before < stop && !stop_wanted_.compare_exchange_weak(before, stop)) {
  }
  shared_.wake.signal();
}

[[gnu::noinline]] void Server::proceed_with_stop() {
  const Stop wanted = stop_wanted_.load(std::memory_order_relaxed);
  const std::uint64_t now_ms = shared_.clock.now_ms();
  bool begins = false;
  if (stop_noticed_ == Stop::none) {
    stop_at_ms_ = now_ms + shared_.config.drain_delay_ms;
    stop_deadline_ms_ = now_ms + drain_timeout_ms(shared_.config);
  }
  if (wanted == Stop::quick && stop_noticed_ != Stop::quick) {
    stop_at_ms_ = now_ms;
    stop_deadline_ms_ = std::min(stop_deadline_ms_, now_ms + quick_stop_ms);
    begins = true;
  }
  stop_noticed_ = wanted;
  begins |= !shared_.stopping && now_ms >= stop_at_ms_;
  if (!begins) return;
  if (!std::exchange(shared_.stopping, true)) {
    accept_until_ms_ = now_ms + accept_in_stop_ms_max;
    if (shared_.owns_listeners) {
      listeners_end_ = ListenersEnd::shut_by_us;
    } else if (shared_.core_state != nullptr && shared_.core_state->listeners_end != 0) {
      listeners_end_ = ListenersEnd::shut_by_others;
    }
  }
  shared_.requests_max = 0;
  shared_.idle_ms = wanted == Stop::quick ? 0 : shared_.config.drain_idle_ms;
  shared_.connections.for_each([](Connection& connection) { connection.drain(); });
}

// Called each turn once the queues were found empty or accepting has taken long enough.
[[gnu::noinline]] void Server::end_accepting(bool emptied) {
  if (shared_.core_state != nullptr) shared_.core_state->queues_emptied = 1;
  queues_emptied_ = true;
  if (listeners_.empty() || listeners_end_ == ListenersEnd::outlive_it) return close_listeners();
  for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
    Listener& listener = listeners_[index];
    if (listener.over) continue;
    if (listener.owner == Owner::somebody_else) {
      end_listening(index);
      continue;
    }
    if (!is_shut(listener) || !emptied) continue;
    if (!listener.armed && shared_.clock.now_ms() < accept_until_ms_) continue;
    // When a TCP listener is shut down, its waiting accept ends with EINVAL. On a Unix socket it
    // goes on waiting, and may still deliver an earlier connection.
    if (++listener.turns_shut > turns_shut_max) end_listening(index);
  }
}

bool Server::is_shut(Listener& listener) const {
  if (listeners_end_ == ListenersEnd::shut_by_us)
    return listener.end.proceed(shared_.clock.now_ms());
  return uring::peer_state_of(listener.descriptor) != uring::PeerState::open;
}

// The listener is shut down and has no more connections.
void Server::end_listening(std::uint32_t index) {
  listeners_[index].over = true;
  call_off_accept(index);
  accepting_over_ = std::ranges::all_of(listeners_, &Listener::over);
}

void Server::close_listeners() {
  accepting_over_ = true;
  for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
    call_off_accept(index);
  }
}

// No connection or disk work is left for which another thread may wake the loop.
bool Server::nothing_left() const {
  return shared_.connections.live() == 0 && waiting_.empty() && shared_.disk_outstanding() == 0;
}

void Server::disarm_wake() {
  if (!wake_armed_ || std::exchange(wake_cancelled_, true)) return;
  shared_.engine.cancel(Token(Operation::cancel, 0, 0), Token(Operation::poll, 0, 0));
}

Gauges Server::gauges() {
  Gauges now = shared_.connection_gauges;
  in(now, Gauge::requests) = shared_.requests_begun;
  in(now, Gauge::leases_out) = shared_.receive_buffers.leases_out();
  in(now, Gauge::operations_in_flight) = shared_.engine.operations_in_flight();
  in(now, Gauge::loop_lag_us) = (shared_.clock.read_ns() - shared_.clock.now_ns()) / 1000;
  return now;
}

bool Server::finished() const {
  if (!shared_.stopping || !accepting_over_ || shared_.connections.live() != 0 || wake_armed_ ||
      !waiting_.empty())
    return false;
  return std::none_of(listeners_.begin(), listeners_.end(),
                      [](const Listener& listener) { return listener.armed; });
}

}  // namespace pelton::http

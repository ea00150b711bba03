// One core's HTTP server: listeners, connections and what they share. The composition root gives it
// an engine, a clock and a frozen route table; it owns neither threads nor an interpreter.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "core/listener_end.hpp"
#include "core/standing_queue.hpp"
#include "http/serve/idle_order.hpp"
#include "http/serve/shared.hpp"
#include "uring/engine.hpp"
#include "uring/loop.hpp"

namespace pelton::http {

class Server final : public uring::Work {
 public:
  explicit Server(const ServerParts& parts);
  Server(const Server&) = delete;
  ~Server() override;

  enum class Sharing : std::uint8_t { none, with_others };
  enum class Owner : std::uint8_t { us, somebody_else };
  // Serves connections that this listening socket accepts; the caller keeps the descriptor. Other
  // processes may accept from it as well. A stop never shuts down a listener of somebody else.
  // The connections get filters from `filters`, which outlives this server; null: none.
  void listen(uring::Descriptor listener, Sharing sharing = Sharing::none, Owner owner = Owner::us,
              FilterSource* filters = nullptr);

  // Begins the graceful stop (PRC-010 to PRC-017). Any thread, any number of times.
  void stop();
  // Begins a quick stop: idle connections end at once, requests that have begun get a second
  // (PRC-002). Any thread, also while a graceful stop goes on.
  void stop_quickly();
  // A quick stop was asked for, even if nothing was left to serve.
  bool quick_stop_wanted() const { return stop_wanted_.load() == Stop::quick; }
  // A stop was asked for. It begins drain_delay_ms later, and until then everything is served
  // (PRC-010).
  bool stop_noticed() const { return stop_noticed_ != Stop::none; }
  // A graceful or a quick stop has begun.
  bool stopping() const { return shared_.stopping; }
  // Once stopping: when requests that are left are cut (PRC-016). A quick stop brings it forward.
  std::uint64_t stop_deadline_ms() const { return stop_deadline_ms_; }
  // The stop is complete: no connection is left, no operation in flight.
  bool finished() const;
  // The server stops because its engine has failed: a process that uses another engine has to
  // replace this one.
  bool retired() const { return retired_; }
  // Retired, and not finished a second after the stop's deadline: an operation in flight never
  // ends.
  bool overdue() const;

  // The topics of this core's WebSockets.
  Topics& topics() { return shared_.topics; }

  std::uint32_t connections_live() const { return shared_.connections.live(); }
  // Exchanges whose handler has suspended them.
  std::uint32_t exchanges_pending() const { return shared_.pending.live(); }
  // Handlers that have not finished although their exchange is over.
  std::size_t handlers_orphaned() const { return shared_.orphans.count(); }

  // This core's gauges now, except those of log, engine and generation.
  Gauges gauges();

  void settle(std::uint64_t seen_ns) override;
  std::uint64_t next_deadline_ns() const override;
  void complete(std::span<const uring::Completion> batch) override;
  bool goes_on() const override {
    return !shared_.turn_queue.empty() || !shared_.handshakes.empty();
  }

 private:
  struct Listener {
    uring::Descriptor descriptor;
    Sharing sharing;
    Owner owner;
    FilterSource* filters;
    // How many connections may wait in its queue, and so arrive at once.
    std::uint64_t queue_max;
    bool armed = false;
    bool armed_for_one = false;
    bool cancelling = false;
    bool over = false;  // shut down: it accepts nothing more
    ListenerEnd end;
    std::uint32_t turns_shut = 0;  // turns since it was found shut down
    // Accepting pauses until then after EMFILE and the like (ENG-028); 0 without a pause.
    std::uint64_t paused_until_ms = 0;
  };

  enum class Stop : std::uint8_t { none, graceful, quick };
  // What a stop does to our listeners once their queues are empty.
  enum class ListenersEnd : std::uint8_t {
    outlive_it,     // no connection is accepted any more
    shut_by_us,     // connecting is refused from then on
    shut_by_others  // the same; until then connections are accepted
  };

  void want(Stop stop);
  void meet(uring::Trouble trouble, int error);
  void retire(std::string_view why);
  void doubt_accepts(std::uint32_t index);
  void take_left_connection(std::uint32_t index);
  void call_off_accept(std::uint32_t index);
  void pause_accept(Listener& listener);
  bool deliver(std::span<const uring::Completion> batch);
  bool deliver_in_turn(std::span<const uring::Completion> batch);
  bool deliver_other(const uring::Completion& completion);
  // Called before the next connection is served. True if the turn is over: answers are sent and new
  // arrivals read first.
  bool turn_is_over();
  std::size_t next_clock_at(std::size_t completions);
  void serve_next(TurnQueue& queue);
  void shake_hands();
  void look_at_filter_sources();
  void admit(const uring::Completion& completion, bool in_place);
  bool refuses() const;
  void plan_turn();
  Connection* addressee(const uring::Completion& completion);
  void complete_accept(const uring::Completion& completion);
  // Called last in a turn: anything else in it may have asked the disk, whose answer must wake the
  // next turn.
  void arm_listeners();
  void admit_waiting();
  void open_connection(uring::Descriptor descriptor, FilterSource* filters);
  void make_room();
  bool takes_burst(const Listener& listener) const;
  void end_accepting(bool emptied);
  bool is_shut(Listener& listener) const;
  void end_listening(std::uint32_t index);
  void close_listeners();
  bool nothing_left() const;
  void disarm_wake();
  void proceed_with_stop();
  std::uint64_t stopping_deadline_ms() const;
  void inspect_timers();
  bool room_for_connection() const;

  Shared shared_;
  std::vector<Listener> listeners_;
  std::vector<FilterSource*> filter_sources_;  // each once

  StandingQueue standing_;
  std::uint64_t companion_wait_ns_ = 0;
  std::uint64_t turn_since_ns_ = 0;
  std::uint64_t refusing_since_ns_ = 0;  // start of the last turn that could refuse requests
  std::uint64_t work_ns_max_ = 0;        // that handlers may take in this turn
  std::uint64_t worked_ns_ = 0;          // that connections in the queue took last turn
  std::uint64_t refused_in_turn_ = 0;
  std::uint64_t handled_in_turn_ = 0;  // receives that began requests

  // Connections accepted beyond the bound, served as soon as there is room (PRC-042). The first
  // shows that clients wait; more arrive only in the batch in which accepting was called off.
  struct Accepted {
    uring::Descriptor descriptor;
    FilterSource* filters;
  };
  std::deque<Accepted> waiting_;
  IdleOrder idle_order_;
  std::uint64_t room_wanted_at_ms_ = 0;

  bool wake_armed_ = false;
  bool wake_cancelled_ = false;
  bool accepts_singly_ = false;  // after a multishot accept failed (ENG-030)
  std::atomic<Stop> stop_wanted_ = Stop::none;
  Stop stop_noticed_ = Stop::none;
  // When a graceful stop that was asked for begins; the delay lets load balancers see that the
  // server is not ready (PRC-010).
  std::uint64_t stop_at_ms_ = TimerWheel::no_deadline_ms;
  ListenersEnd listeners_end_ = ListenersEnd::outlive_it;
  std::uint64_t accept_until_ms_ = 0;  // in a stop, however many clients still connect
  // The queues were empty, or accepting took long enough; the supervisor has been informed.
  bool queues_emptied_ = false;
  // Accepting is over for all listeners.
  bool accepting_over_ = false;
  std::uint64_t stop_deadline_ms_ = 0;
  bool retired_ = false;
  // No new connections while the engine starves (ENG-034).
  bool engine_starved_ = false;
  std::uint32_t odd_accepts_ = 0;  // in a row
};

}  // namespace pelton::http

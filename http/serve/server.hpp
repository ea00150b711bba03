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
  // Serves what this listening socket accepts; the descriptor stays the caller's. Others may accept
  // from it as well.
  void listen(uring::Descriptor listener, Sharing sharing = Sharing::none);

  // Begins the graceful stop (PRC-010 to PRC-017). Any thread, any number of times.
  void stop();
  // Begins a quick one: idle connections end at once, what has begun gets a second (PRC-002). Any
  // thread, also while a graceful stop goes on.
  void stop_quickly();
  // A quick stop was asked for, be it when there was nothing left to serve.
  bool quick_stop_wanted() const { return stop_wanted_.load() == Stop::quick; }
  // A graceful or a quick stop has begun.
  bool stopping() const { return shared_.stopping; }
  // Then: when what is left of requests is cut (PRC-016). A quick stop brings it forward.
  std::uint64_t stop_deadline_ms() const { return stop_deadline_ms_; }
  // The stop is through: no connection is left, no operation in flight.
  bool finished() const;
  // It stops because its engine is not to be trusted any more: the process is to be replaced by one
  // that uses another.
  bool retired() const { return retired_; }
  // Retired, and not finished a second behind the stop's deadline: what is in flight never ends.
  bool overdue() const;

  // Of this core's WebSockets, for their owners.
  Topics& topics() { return shared_.topics; }

  std::uint32_t connections_live() const { return shared_.connections.live(); }
  // Exchanges whose handler has suspended them.
  std::uint32_t exchanges_pending() const { return shared_.pending.live(); }
  // Handlers that are not through although their exchange is over.
  std::size_t handlers_orphaned() const { return shared_.orphans.count(); }

  // What this core has at this moment, but for log, engine and generation.
  Gauges gauges();

  void settle(std::uint64_t seen_ns) override;
  std::uint64_t next_deadline_ns() const override;
  void complete(std::span<const uring::Completion> batch) override;
  bool goes_on() const override { return !shared_.turn_queue.empty(); }

 private:
  struct Listener {
    uring::Descriptor descriptor;
    Sharing sharing;
    // So many connections may wait in its queue, and come at once.
    std::uint64_t queue_max;
    bool armed = false;
    bool armed_for_one = false;
    bool cancelling = false;
    bool over = false;  // shut down: nothing comes any more
    ListenerEnd end;
    std::uint32_t turns_shut = 0;  // since it was found shut down
    // Accepting pauses until then after EMFILE and its like (ENG-028); 0 while it does not.
    std::uint64_t paused_until_ms = 0;
  };

  enum class Stop : std::uint8_t { none, graceful, quick };
  // What a stop does to the listeners once their queues are empty.
  enum class ListenersEnd : std::uint8_t {
    outlive_it,     // no connection is accepted any more
    shut_by_us,     // connecting is refused from then on
    shut_by_others  // the same; until then connections are accepted
  };

  void want(Stop stop);
  void meet(uring::Trouble trouble, int error);
  void retire(std::string_view why);
  void doubt_accepts(std::uint32_t index);
  void call_off_accept(std::uint32_t index);
  void pause_accept(Listener& listener);
  bool deliver(std::span<const uring::Completion> batch);
  bool deliver_in_turn(std::span<const uring::Completion> batch);
  bool deliver_other(const uring::Completion& completion);
  // The loop turns to the next connection; true if others have their turn first: their answers
  // leave, and what has come meanwhile is read.
  bool turn_is_over();
  std::size_t next_clock_at(std::size_t completions);
  void serve_next();
  void admit(const uring::Completion& completion, bool in_place);
  bool refuses() const;
  void plan_turn();
  Connection* addressee(const uring::Completion& completion);
  void complete_accept(const uring::Completion& completion);
  // Last in a turn: all else in it may have asked the disk, whose answer must wake the next one.
  void arm_listeners();
  void admit_waiting();
  void open_connection(uring::Descriptor descriptor);
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

  StandingQueue standing_;
  std::uint64_t companion_wait_ns_ = 0;
  std::uint64_t turn_since_ns_ = 0;
  std::uint64_t refusing_since_ns_ = 0;  // the last turn that looked who may be served
  std::uint64_t work_ns_max_ = 0;        // of this turn
  std::uint64_t worked_ns_ = 0;          // on handlers in the last one
  std::uint64_t refused_in_turn_ = 0;
  std::uint64_t handled_in_turn_ = 0;  // receives that began requests

  // Accepted beyond the bound: one tells that somebody waits, more come only with the burst in
  // which accepting was called off. Each is served as soon as there is room (PRC-042).
  std::deque<uring::Descriptor> waiting_;
  IdleOrder idle_order_;
  std::uint64_t room_wanted_at_ms_ = 0;

  bool wake_armed_ = false;
  bool wake_cancelled_ = false;
  bool accepts_singly_ = false;  // a multishot went astray (ENG-030)
  std::atomic<Stop> stop_wanted_ = Stop::none;
  Stop stop_noticed_ = Stop::none;
  // A graceful stop was asked for and is put off until then, for those who look at readiness
  // (PRC-010).
  std::uint64_t stop_at_ms_ = TimerWheel::no_deadline_ms;
  ListenersEnd listeners_end_ = ListenersEnd::outlive_it;
  std::uint64_t accept_until_ms_ = 0;  // in a stop, whatever still arrives
  // The queues were empty, or enough was accepted; the supervisor knows.
  bool queues_emptied_ = false;
  // The listeners' queues have been emptied and accepting is over.
  bool accepting_over_ = false;
  std::uint64_t stop_deadline_ms_ = 0;
  bool retired_ = false;
  // Nothing new is begun while the engine starves (ENG-034).
  bool engine_starved_ = false;
  std::uint32_t odd_accepts_ = 0;  // one behind the other
};

}  // namespace pelton::http

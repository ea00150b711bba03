// One accepted socket, as far as both of its directions share it: its operations, what keeps octets
// from simply passing, and operations that the engine had no memory for (ENG-035).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "core/clock.hpp"
#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "core/stats.hpp"
#include "http/transport/filter_stage.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

struct TransportRules {
  // A peer has `rate_grace_ms` to take the octets sent, and earns time by each octet that it takes,
  // at most `rate_credit_ms_max` in advance (CON-004).
  std::uint64_t rate_grace_ms;
  std::uint64_t rate_credit_ms_max;
  std::uint64_t send_rate_bytes_per_second_min;
  // How long a peer may take to answer our FIN, in all and since its last octet (CON-030).
  std::uint64_t linger_timeout_ms;
  std::uint64_t linger_idle_ms;
  // With more lingering transports, or more transports in all, none lingers (CON-031).
  std::uint64_t lingering_max;
  std::uint64_t linger_live_max;
};

// When a transport repeats an operation that the engine had no memory for. By then the place may be
// empty or another transport's.
struct Retry {
  std::uint64_t at_ns;
  uring::Token place;

  bool operator>(const Retry& other) const { return at_ns > other.at_ns; }
};
using RetryQueue = std::priority_queue<Retry, std::vector<Retry>, std::greater<>>;

// What the transports of one core share.
struct Transports {
  uring::Engine& engine;
  uring::ReceiveBuffers& receive_buffers;
  Clock& clock;
  BlockPool& blocks;
  Stats& stats;
  const TransportRules rules;
  RetryQueue retries = {};
  std::uint32_t live_count = 0;
  std::uint32_t lingering_count = 0;
};

// What an errno of an operation means (protocol 10.3).
enum class Fault : std::uint8_t { passing, starved, peer_lost, peer_silent, ours, unknown };
Fault fault_of(int error);
// Why the connection ends after an errno that does not pass by itself.
Reason fatal_reason(int error);

class Socket {
 public:
  // transport.hpp draws them.
  enum class State : std::uint8_t { open, finishing, lingering, closing };

  // What keeps octets from simply passing. They share an octet, so that one look tells that all of
  // them are absent.
  enum Detour : std::uint8_t {
    filtering = 1,    // they pass a filter
    pausing = 2,      // nothing is to be read
    sending = 4,      // a send is in flight
    preamble = 8,     // they begin with what is not for the session
    handshaking = 16  // none is for the session yet
  };

  // `place` names the slot and generation under which completions find the owner.
  Socket(Transports& shared_of_core, uring::Descriptor socket, uring::Token owner)
      : shared(shared_of_core), place(owner), descriptor(socket) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  uring::Token token(uring::Operation operation) const { return place.with(operation); }
  void cancel(uring::Operation operation);

  bool has_detour(int wanted) const { return (detours & wanted) != 0; }
  void set_detour(Detour detour, bool on) {
    detours = static_cast<std::uint8_t>(on ? detours | detour : detours & ~detour);
  }
  bool has_filter() const { return has_detour(filtering); }
  bool closing() const { return state == State::closing; }

  // An operation failed for lack of memory: it is tried again later. Returns why the connection has
  // to end, if that has happened too often, or none.
  Reason retry_later();
  // No shared buffer is free, which does not count as a failure.
  void retry_soon();
  // True if the time to try again has come.
  bool take_retry();
  void forget_retry() { retry_at_ns_ = uring::no_deadline; }

  Transports& shared;
  const uring::Token place;
  std::unique_ptr<FilterStage> filter;  // null: octets pass as they are
  const uring::Descriptor descriptor;
  State state = State::open;
  std::uint8_t detours = 0;
  std::uint8_t cancels_in_flight = 0;

 private:
  void retry_at(std::uint64_t at_ns);

  std::uint8_t failures_ = 0;  // for lack of memory, not long ago
  std::uint64_t retry_at_ns_ = uring::no_deadline;
  std::uint32_t failed_ms_ = 0;  // when last; the low half of the clock's, only a difference counts
};

}  // namespace pelton::http

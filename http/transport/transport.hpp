// One accepted socket, without any HTTP: it receives octets, sends octets and closes. A session
// reads the octets that arrive and writes to output(). The owner of both passes the engine's
// completions to the transport, which returns what they mean. The transport never calls its owner.
//
//   open ──► finishing ──► lingering ──► closing ──► (descriptor closed)
//     │          │                          ▲
//     └──────────┴──────────────────────────┘   peer gone, cut, nothing to linger for
//
// open: octets go both ways. finishing: the last octets leave, octets that arrive are discarded.
// lingering: our FIN is out, the peer's is awaited (CON-030). closing: operations in flight are
// collected, then the descriptor is closed (ENG-013).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "core/stats.hpp"
#include "core/timer_wheel.hpp"
#include "http/transport/octet_filter.hpp"
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

// What a completed receive brought.
enum class Arrival : std::uint8_t {
  octets,         // in the completion's buffer
  own_octets,     // in the memory that arm_receive() was given
  unwanted,       // octets for memory that was given up meanwhile
  end,            // the peer's FIN
  nothing,        // the receive has ended, or meets its errno again
  no_buffers,     // the shared buffers are all lent: to be armed again at the end of the turn
  failed,         // failure() says why the connection has to end
  after_closing,  // the transport is closing: only its operations count
};

class Transport {
 public:
  // `place` names the slot and generation under which completions find the owner.
  Transport(Transports& shared, uring::Descriptor descriptor, uring::Token place);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  uring::Descriptor descriptor() const { return descriptor_; }
  uring::Token place() const { return place_; }

  // All octets pass the filter from now on. Call it before anything is received or sent. The filter
  // has to be established by `until_ms`.
  void set_filter(std::unique_ptr<OctetFilter> filter, std::uint64_t until_ms);
  bool has_filter() const { return has_detour(filtering); }
  // The filter is not established yet: no octet is for the session.
  bool in_handshake() const { return has_detour(handshaking); }
  // What the filter knows of the connection; null without a filter.
  const TlsFacts* tls_facts() const { return has_filter() ? filtered_->filter->facts() : nullptr; }

  // The protocol that the filter has agreed on; empty: none.
  std::string_view agreed_protocol() const {
    return has_filter() ? filtered_->filter->protocol() : std::string_view();
  }

  // The first octets belong to what comes before the session, so they are not read in place.
  void await_preamble() { set_detour(preamble, true); }
  void end_preamble() { set_detour(preamble, false); }

  // --- octets in ---

  // A receive is with the engine, or waits to be tried again.
  bool receives() const { return receive_armed_; }
  // A receive is with the engine, so octets from the peer are noticed.
  bool hears() const { return receive_armed_ && !starvation_.of_receive; }
  // Nothing keeps it from receiving.
  bool may_receive() const { return !reading_paused() && !peer_finished_ && !closing(); }
  // Into shared buffers, or right into `room`, which stays the engine's until the completion.
  void arm_receive(std::span<char> room = {});
  // The receive still completes, perhaps with octets.
  void cancel_receive();
  // No receive is armed until resume_reading(). A receive in flight may still bring octets.
  void pause_reading() { set_detour(pausing, true); }
  void resume_reading() { set_detour(pausing, false); }
  bool reading_paused() const { return has_detour(pausing); }
  // With all sent, the next octets may be a request.
  bool may_await_request() const { return !has_detour(pausing | handshaking); }
  // Octets may be read in the receive buffer: reading is not paused, there is no filter, and no
  // preamble is awaited.
  bool reads_in_place() const { return !has_detour(pausing | filtering | preamble); }
  Arrival take_receive(const uring::Completion& completion);
  Reason failure() const { return failure_; }
  // Replaces octets that arrived by what the filter makes of them, valid until let_opened_go().
  // Returns why the connection has to end, or none.
  [[nodiscard]] Reason open(std::span<char>& octets);
  void let_opened_go() {
    if (has_filter()) filtered_->opened.release();
  }
  // The peer has said by the filter that none of its octets follow.
  bool filter_has_ended() const { return has_filter() && filtered_->filter->peer_has_ended(); }
  // Octets have come that the filter has seen.
  bool filter_has_heard() const { return has_filter() && filtered_->heard; }
  // Counts as the peer's FIN. Nothing is received any more.
  void note_peer_finished();
  // A receive into memory of the session's is in flight; its owner may give that memory up.
  bool receives_into_room() const { return receives_into_room_; }
  void keep_room(Output room);
  // All buffers are in completions that are not delivered yet, so arming a receive again at once
  // would fail without end (ENG-015).
  void await_buffer();
  // The peer's FIN was received.
  bool peer_finished() const { return peer_finished_; }
  // What the kernel knows of the peer while no receive is armed (CON-045). One system call.
  uring::PeerState peer_state() const { return shared_.engine.peer_state(descriptor_); }
  bool has_unread() const { return shared_.engine.has_unread(descriptor_); }

  // --- octets out ---

  // A session writes here. The next send takes all of it.
  Output& output() { return output_; }
  const Output& output() const { return output_; }
  std::size_t queued_bytes() const { return output_.size() + sending_.size() - sent_bytes_; }
  bool sends() const { return has_detour(sending); }
  // Some octets could not be queued for lack of memory.
  bool lacks_memory() const { return output_.has_failed() || sending_.has_failed(); }
  // Octets are queued, and no send is in flight.
  bool can_send() const { return !sends() && (!output_.empty() || filter_has_octets()); }
  // It can, and no filter seals what leaves.
  bool can_send_plainly() const { return !has_detour(sending | filtering) && !output_.empty(); }
  // Sends as much as the socket takes here and now. Returns how many octets are left: 0, or as many
  // as became a send; or -errno, and output() stays as it was. Only if can_send().
  std::int64_t send_at_once() { return has_filter() ? seal_and_send() : send_plainly_at_once(); }
  // The same, only if can_send_plainly().
  std::int64_t send_plainly_at_once() {
    const std::int32_t sent = shared_.engine.send_at_once(descriptor_, output_.octets());
    if (sent <= 0 || static_cast<std::size_t>(sent) != output_.size()) [[unlikely]]
      return sent > 0 ? send_rest(static_cast<std::size_t>(sent)) : sent;
    output_.release();
    return 0;
  }
  // Begins a send of all queued octets; it completes later. `error` is the errno that
  // send_at_once() met, or 0. Returns why the connection has to end, or none.
  [[nodiscard]] Reason begin_send(int error = 0);
  // Returns why the connection has to end, or none. If octets were left, they are in flight again
  // and sends() is true.
  [[nodiscard]] Reason complete_send(std::int32_t result);
  // Sends octets of a file, as many as the socket takes now. Returns their count, at most 1 MiB; 0
  // if the socket has no room, which is then awaited; or -errno of the file.
  std::int64_t send_file(int file, std::uint64_t offset, std::uint64_t bytes);
  // Asks for a completion once the socket has room.
  void await_room();
  bool awaits_room() const { return room_polled_; }
  // Completes that with what is ready or -errno. Returns why the connection has to end, or none.
  [[nodiscard]] Reason complete_room(std::int32_t events);

  // --- time ---

  // When overdue() has to be asked next.
  std::uint64_t deadline_ms() const;
  // Which deadline had passed at `seen_ms`, as the reason to end the connection; or none.
  Reason overdue(std::uint64_t seen_ms) const;
  // Repeats an operation that the engine had no memory for (ENG-035). True if a receive is to be
  // armed.
  bool retry();

  // --- the end ---

  bool closing() const { return state_ == State::closing; }
  bool finishing() const { return state_ == State::finishing; }
  bool lingering() const { return state_ == State::lingering; }
  // The last octets are queued.
  void finish() {
    state_ = State::finishing;
    if (has_filter()) [[unlikely]]
      filtered_->filter->end();
  }
  // Ends an idle transport whose filter has something to say at the end, which is queued. False if
  // there is nothing to wait for.
  bool begin_farewell();
  // Nothing is awaited after the last octets.
  bool leaves_once_flushed() const { return leaves_once_flushed_; }
  // Everything that was queued has left.
  bool flushed() const { return !sends() && output_.empty() && !filter_has_octets(); }
  // Sends our FIN and waits for the peer's. False if there are too many who do.
  bool linger();
  // While it lingers: octets came and were discarded.
  void note_discarded();
  // Stops receiving and sending, and cancels operations in flight.
  void close();
  // The close sends a reset instead of a FIN.
  void reset_at_close() { reset_wanted_ = true; }
  // A shutdown or a cancel that close() or linger() asked for is complete.
  void complete_shutdown() { shutdown_in_flight_ = false; }
  void complete_cancel() { --cancels_in_flight_; }
  // No operation is in flight: the descriptor may be closed.
  bool is_quiet() const;
  // True if a close was begun, whose completion ends it; false if it has been closed.
  bool close_descriptor();

 private:
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

  // Operations that the engine had no memory for.
  struct Starvation {
    std::uint64_t retry_at_ns = uring::no_deadline;
    std::uint32_t since_ms = 0;  // the low half of the clock's; only a difference counts
    std::uint8_t count = 0;
    bool of_receive = false;  // counts as armed until it is tried again
    bool of_send = false;     // counts as in flight until it is tried again
  };

  struct Filtered {
    std::unique_ptr<OctetFilter> filter;
    Output opened;
    std::uint64_t established_by_ms;
    bool heard = false;
  };

  bool has_detour(int detours) const { return (detours_ & detours) != 0; }
  void set_detour(Detour detour, bool on) {
    detours_ = static_cast<std::uint8_t>(on ? detours_ | detour : detours_ & ~detour);
  }
  uring::Token token(uring::Operation operation) const { return place_.with(operation); }
  bool filter_has_octets() const { return has_filter() && filtered_->filter->has_own_octets(); }
  bool seal();
  std::int64_t seal_and_send();
  void arm_send();
  std::int64_t send_rest(std::size_t bytes_sent);
  void take_rest(std::size_t bytes_sent);
  Reason send_failed(int error);
  Reason receive_failed(int error);
  Reason retry_later();
  void retry_at(std::uint64_t at_ns);
  void cancel(uring::Operation operation);

  Transports& shared_;
  const uring::Descriptor descriptor_;
  const uring::Token place_;

  State state_ = State::open;
  std::uint8_t detours_ = 0;
  bool receive_armed_ = false;
  bool receive_cancelled_ = false;  // by us: its end is no news
  bool receives_into_room_ = false;
  bool shutdown_in_flight_ = false;
  bool close_in_flight_ = false;
  bool peer_finished_ = false;
  bool reset_wanted_ = false;
  bool room_polled_ = false;
  bool leaves_once_flushed_ = false;
  bool room_untold_ = false;  // no poll tells any more when the socket has room
  std::uint8_t cancels_in_flight_ = 0;
  Reason failure_ = Reason::none;  // of the last receive that failed
  Starvation starvation_;

  Output output_;
  Output sending_;                // what the send in flight is reading
  std::size_t sent_bytes_ = 0;    // of `sending_`
  std::uint64_t file_bytes_ = 0;  // that the peer took since room was awaited last
  // Till when the peer has to take more of what is sent or, while it lingers, to say something.
  std::uint64_t deadline_ms_ = 0;
  std::uint64_t linger_deadline_ms_ = 0;  // in all
  std::unique_ptr<Output> given_up_;      // memory that a receive in flight writes to (ENG-012)
  std::unique_ptr<Filtered> filtered_;    // null: octets pass as they are
};

}  // namespace pelton::http

// One accepted socket, without any HTTP: it receives octets, sends octets and closes. A session
// reads the octets that arrive and writes to the sender's output(). The owner of both passes the
// engine's completions on, and is told what they mean. The transport never calls its owner.
//
//   open ──► finishing ──► lingering ──► closing ──► (descriptor closed)
//     │          │                          ▲
//     └──────────┴──────────────────────────┘   peer gone, cut, nothing to linger for
//
// open: octets go both ways. finishing: the last octets leave, octets that arrive are discarded.
// lingering: our FIN is out, the peer's is awaited (CON-030). closing: operations in flight are
// collected, then the descriptor is closed (ENG-013).
//
// Its parts: a Receiver and a Sender, one for each direction, over one Socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/reason.hpp"
#include "http/transport/octet_filter.hpp"
#include "http/transport/receiver.hpp"
#include "http/transport/sender.hpp"
#include "http/transport/socket.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

class Transport {
 public:
  // `place` names the slot and generation under which completions find the owner.
  Transport(Transports& shared, uring::Descriptor descriptor, uring::Token place);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  uring::Descriptor descriptor() const { return socket_.descriptor; }
  uring::Token place() const { return socket_.place; }
  Receiver& receiver() { return receiver_; }
  const Receiver& receiver() const { return receiver_; }
  Sender& sender() { return sender_; }
  const Sender& sender() const { return sender_; }

  // --- what comes before the session ---

  // All octets pass the filter from now on. Call it before anything is received or sent. The filter
  // has to be established by `until_ms`.
  void set_filter(std::unique_ptr<OctetFilter> filter, std::uint64_t until_ms);
  bool has_filter() const { return socket_.has_filter(); }
  // The filter at work; null without one.
  FilterStage* filter() { return socket_.filter.get(); }
  const TlsFacts* tls_facts() { return has_filter() ? filter()->filter().facts() : nullptr; }
  // The filter is not established yet: no octet is for the session.
  bool in_handshake() const { return socket_.has_detour(handshaking); }
  // The first octets belong to what comes before the session, so they are not read in place.
  void await_preamble() { socket_.set_detour(preamble, true); }
  void end_preamble() { socket_.set_detour(preamble, false); }
  // Octets may be read in the receive buffer: reading is not paused, there is no filter, and no
  // preamble is awaited.
  bool reads_in_place() const { return !socket_.has_detour(pausing | filtering | preamble); }
  // With all sent, the next octets may be a request.
  bool may_await_request() const { return !socket_.has_detour(pausing | handshaking); }

  // --- time ---

  // When overdue() has to be asked next.
  std::uint64_t deadline_ms() const;
  // Which deadline had passed at `seen_ms`, as the reason to end the connection; or none.
  Reason overdue(std::uint64_t seen_ms) const;
  // Repeats an operation that the engine had no memory for (ENG-035). True if a receive is to be
  // armed.
  bool retry();
  // What the kernel knows of the peer while no receive is armed (CON-045). One system call.
  uring::PeerState peer_state() const {
    return socket_.shared.engine.peer_state(socket_.descriptor);
  }
  bool has_unread() const { return socket_.shared.engine.has_unread(socket_.descriptor); }

  // --- the end ---

  bool closing() const { return socket_.closing(); }
  bool finishing() const { return socket_.state == State::finishing; }
  bool lingering() const { return socket_.state == State::lingering; }
  // The last octets are queued.
  void finish() {
    socket_.state = State::finishing;
    if (has_filter()) [[unlikely]]
      filter()->filter().end();
  }
  // Ends an idle transport whose filter has something to say at the end, which is queued. False if
  // there is nothing to wait for.
  bool begin_farewell();
  // Nothing is awaited after the last octets.
  bool leaves_once_flushed() const { return leaves_once_flushed_; }
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
  void complete_cancel() { --socket_.cancels_in_flight; }
  // No operation is in flight: the descriptor may be closed.
  bool is_quiet() const;
  // True if a close was begun, whose completion ends it; false if it has been closed.
  bool close_descriptor();

 private:
  using State = Socket::State;
  using enum Socket::Detour;

  bool awaits_filter() const { return in_handshake() && socket_.state == State::open; }

  // No padding follows a part whose successors fit in there: idle connections are many.
  [[no_unique_address]] Socket socket_;
  bool shutdown_in_flight_ = false;
  bool close_in_flight_ = false;
  bool reset_wanted_ = false;
  bool leaves_once_flushed_ = false;
  Receiver receiver_;
  std::uint64_t linger_deadline_ms_ = 0;  // of the peer's FIN, while it lingers
  [[no_unique_address]] Sender sender_;
};

}  // namespace pelton::http

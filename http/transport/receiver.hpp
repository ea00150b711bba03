// What arrives on a socket: the one receive that is armed, and where its octets belong.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/transport/socket.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

// What a completed receive brought.
enum class Arrival : std::uint8_t {
  octets,         // in the completion's buffer
  own_octets,     // in the memory that arm() was given
  unwanted,       // octets for memory that was given up meanwhile
  end,            // the peer's FIN
  nothing,        // the receive has ended, or meets its errno again
  no_buffers,     // the shared buffers are all lent: to be armed again at the end of the turn
  failed,         // failure() says why the connection has to end
  after_closing,  // the transport is closing: only its operations count
};

class Receiver {
 public:
  explicit Receiver(Socket& socket) : socket_(socket) {}
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // A receive is with the engine, or waits to be tried again.
  bool is_armed() const { return armed_; }
  // A receive is with the engine, so octets from the peer are noticed.
  bool hears() const { return armed_ && !starved_; }
  // Nothing keeps it from being armed.
  bool may_be_armed() const { return !is_paused() && !peer_finished_ && !socket_.closing(); }
  // Into shared buffers, or right into `room`, which stays the engine's until the completion.
  void arm(std::span<char> room = {});
  // The receive still completes, perhaps with octets.
  void cancel();
  // No receive is armed until resume(). A receive in flight may still bring octets.
  void pause() { socket_.set_detour(pausing, true); }
  void resume() { socket_.set_detour(pausing, false); }
  bool is_paused() const { return socket_.has_detour(pausing); }

  Arrival take(const uring::Completion& completion);
  Reason failure() const { return failure_; }
  // Replaces octets that arrived by what the filter, if there is one, makes of them, valid until
  // let_opened_go(). Returns why the connection has to end, or none.
  [[nodiscard]] Reason open(std::span<char>& octets);
  void let_opened_go() {
    if (socket_.has_filter()) socket_.filter->let_go();
  }
  // The peer's FIN was received.
  bool peer_finished() const { return peer_finished_; }
  // Counts as the peer's FIN. Nothing is received any more.
  void note_peer_finished();

  // A receive into memory of the session's is in flight; its owner may give that memory up.
  bool is_into_room() const { return into_room_; }
  void keep_room(Output room);

  // All buffers are in completions that are not delivered yet, so arming a receive again at once
  // would fail without end (ENG-015).
  void await_buffer();
  // The time to try again has come. True if a receive is to be armed.
  bool retry();
  // The transport closes.
  void stop();

 private:
  using enum Socket::Detour;

  Reason failed(int error);

  Socket& socket_;
  std::unique_ptr<Output> given_up_;  // memory that a receive in flight writes to (ENG-012)
  bool armed_ = false;
  bool starved_ = false;    // it counts as armed until it is tried again
  bool cancelled_ = false;  // by us: its end is no news
  bool into_room_ = false;
  bool peer_finished_ = false;
  Reason failure_ = Reason::none;  // of the last receive that failed
};

}  // namespace pelton::http

#include "http/transport/receiver.hpp"

#include <cerrno>

#include <utility>

#include "core/check.hpp"

namespace pelton::http {

using uring::Operation;

void Receiver::arm(std::span<char> room) {
  armed_ = true;
  cancelled_ = false;
  // A filter writes the opened octets elsewhere, so receiving in place would be useless.
  into_room_ = !room.empty() && !socket_.has_filter();
  uring::Engine& engine = socket_.shared.engine;
  if (into_room_) {
    engine.receive_into(socket_.token(Operation::receive), socket_.descriptor, room);
  } else {
    engine.receive(socket_.token(Operation::receive), socket_.descriptor);
  }
}

void Receiver::cancel() {
  if (!armed_ || std::exchange(cancelled_, true)) return;
  socket_.cancel(Operation::receive);
}

Arrival Receiver::take(const uring::Completion& completion) {
  if (!completion.more) armed_ = false;
  const bool into_room = std::exchange(into_room_, false);
  const bool unwanted = std::exchange(given_up_, nullptr) != nullptr;
  if (socket_.closing()) return Arrival::after_closing;
  const std::int32_t result = completion.result;
  if (result > 0) {
    if (unwanted) return Arrival::unwanted;
    return into_room ? Arrival::own_octets : Arrival::octets;
  }
  if (result == 0) return std::exchange(peer_finished_, true) ? Arrival::nothing : Arrival::end;
  Stats& stats = socket_.shared.stats;
  if (result == -ENOBUFS) {
    // The octets stay in the socket. The receive is armed again once this batch's leases are back.
    stats.count(Reason::fallback_receive_no_buffers);
    return Arrival::no_buffers;
  }
  if (result == -ECANCELED) {
    if (!std::exchange(cancelled_, false)) stats.count(Reason::engine_cancelled_unasked);
    return Arrival::nothing;
  }
  failure_ = failed(-result);
  return failure_ == Reason::none ? Arrival::nothing : Arrival::failed;
}

Reason Receiver::failed(int error) {
  switch (fault_of(error)) {
    case Fault::passing:
      return Reason::none;
    case Fault::starved:
      starved_ = armed_ = true;
      return socket_.retry_later();
    default:
      return fatal_reason(error);
  }
}

Reason Receiver::open(std::span<char>& octets) {
  if (!socket_.has_filter()) return Reason::none;
  const Reason reason = socket_.filter->open(octets);
  if (socket_.filter->filter().is_established()) socket_.set_detour(handshaking, false);
  return reason;
}

void Receiver::note_peer_finished() {
  peer_finished_ = true;
  cancel();
}

void Receiver::keep_room(Output room) {
  CHECK(into_room_ && given_up_ == nullptr);
  given_up_ = std::make_unique<Output>(std::move(room));
  cancel();
}

void Receiver::await_buffer() {
  starved_ = armed_ = true;
  socket_.retry_soon();
}

bool Receiver::retry() {
  if (!std::exchange(starved_, false)) return false;
  armed_ = false;
  return may_be_armed();
}

void Receiver::stop() {
  if (std::exchange(starved_, false)) armed_ = false;
  cancel();
}

}  // namespace pelton::http

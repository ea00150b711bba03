// What leaves by a socket: octets that are queued, the one send that is in flight, files, and how
// long the peer may take.
#pragma once

#include <cstdint>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/transport/socket.hpp"

namespace pelton::http {

class Sender {
 public:
  explicit Sender(Socket& socket)
      : socket_(socket), output_(socket.shared.blocks), sending_(socket.shared.blocks) {}
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // A session writes here. The next send takes all of it.
  Output& output() { return output_; }
  const Output& output() const { return output_; }
  std::size_t queued_bytes() const { return output_.size() + sending_.size() - sent_bytes_; }
  bool is_sending() const { return socket_.has_detour(sending); }
  // Everything that was queued has left.
  bool is_flushed() const { return !is_sending() && output_.empty() && !filter_has_octets(); }
  // The filter has octets of its own to send.
  bool filter_has_octets() const {
    return socket_.has_filter() && socket_.filter->filter().has_own_octets();
  }
  // Some octets could not be queued for lack of memory.
  bool lacks_memory() const { return output_.has_failed() || sending_.has_failed(); }

  // Octets are queued, and no send is in flight.
  bool can_send() const { return !is_sending() && (!output_.empty() || filter_has_octets()); }
  // It can, and no filter seals what leaves.
  bool can_send_plainly() const {
    return !socket_.has_detour(sending | filtering) && !output_.empty();
  }
  // Sends as much as the socket takes here and now. Returns how many octets are left: 0, or as many
  // as became a send; or -errno, and output() stays as it was. Only if can_send().
  std::int64_t send_at_once() {
    return socket_.has_filter() ? seal_and_send() : send_plainly_at_once();
  }
  // The same, only if can_send_plainly().
  std::int64_t send_plainly_at_once() {
    const std::int32_t sent =
        socket_.shared.engine.send_at_once(socket_.descriptor, output_.octets());
    if (sent <= 0 || static_cast<std::size_t>(sent) != output_.size()) [[unlikely]]
      return sent > 0 ? send_rest(static_cast<std::size_t>(sent)) : sent;
    output_.release();
    return 0;
  }
  // Begins a send of all queued octets; it completes later. `error` is the errno that
  // send_at_once() met, or 0. Returns why the connection has to end, or none.
  [[nodiscard]] Reason begin_send(int error = 0);
  // Returns why the connection has to end, or none. If octets were left, they are in flight again
  // and is_sending() is true.
  [[nodiscard]] Reason complete_send(std::int32_t result);

  // Sends octets of a file, as many as the socket takes now. Returns their count, at most 1 MiB; 0
  // if the socket has no room, which is then awaited; or -errno of the file.
  std::int64_t send_file(int file, std::uint64_t offset, std::uint64_t bytes);
  // Asks for a completion once the socket has room.
  void await_room();
  bool awaits_room() const { return room_polled_; }
  // Completes that with what is ready or -errno. Returns why the connection has to end, or none.
  [[nodiscard]] Reason complete_room(std::int32_t events);

  // Till when the peer has to take more of what is sent.
  std::uint64_t deadline_ms() const {
    return is_sending() || room_polled_ ? deadline_ms_ : TimerWheel::no_deadline_ms;
  }
  // With nothing left to send, the peer has until then to say something.
  void await_octets(std::uint64_t until_ms) { deadline_ms_ = until_ms; }
  std::uint64_t octets_due_ms() const { return deadline_ms_; }
  // The time to try again has come.
  void retry();
  // The transport closes.
  void stop();

 private:
  using enum Socket::Detour;

  void arm();
  std::int64_t send_rest(std::size_t bytes_sent);
  std::int64_t seal_and_send();
  void take_rest(std::size_t bytes_sent);
  Reason failed(int error);

  Socket& socket_;
  Output output_;
  Output sending_;                 // what the send in flight is reading
  std::size_t sent_bytes_ = 0;     // of `sending_`
  std::uint64_t file_bytes_ = 0;   // that the peer took since room was awaited last
  std::uint64_t deadline_ms_ = 0;  // of what the peer has to take, or then to say
  bool starved_ = false;           // the send counts as in flight until it is tried again
  bool room_polled_ = false;
  bool room_untold_ = false;  // no poll tells any more when the socket has room
};

}  // namespace pelton::http

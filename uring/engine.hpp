// The contract of every I/O engine. Operations are prepared under a token and come back as
// completions; users of an engine do not know whether a ring, epoll or plain memory does the work.
//
//   ring     io_uring: an operation is a submission, a completion is a completion
//   epoll    the system call is made when the socket is ready, and the completion is made up
//   memory   no kernel: bytes in, bytes out; carries the test client and, scripted, the faults
#pragma once

#include <cerrno>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "uring/buffers/buffer_lease.hpp"

namespace pelton::uring {

enum class EngineKind : std::uint8_t { ring, epoll, memory };

enum class Operation : std::uint8_t {
  none,
  nop,
  accept,   // multishot; result: the descriptor
  receive,  // multishot into leased buffers, or single into private memory; result: octets, 0 = FIN
  send,     // single; result: octets taken, may be short
  shutdown,  // single; SHUT_WR
  close,     // single
  cancel,    // single; result 0, -ENOENT or -EALREADY; the target still ends by itself
  poll,      // single; result: ready events (POLLIN, POLLOUT, ...)
  room,      // never performed: in the token of a poll that waits for room in a socket
};

//    63      56 55                32 31                             0
//   +----------+--------------------+-------------------------------+
//   | operation|     generation     |             slot              |
//   +----------+--------------------+-------------------------------+
// Names an operation, never by a descriptor or a pointer: a late completion carries an old
// generation and is dropped and counted (ENG-010, ENG-011).
class Token {
 public:
  constexpr Token() = default;
  constexpr explicit Token(std::uint64_t bits) : bits_(bits) {}
  constexpr Token(Operation operation, std::uint32_t generation, std::uint32_t slot)
      : bits_(std::uint64_t{static_cast<std::uint8_t>(operation)} << 56 |
              std::uint64_t{generation & generation_max} << 32 | slot) {}

  static constexpr std::uint32_t generation_max = 0xFF'FFFF;

  constexpr Operation operation() const { return static_cast<Operation>(bits_ >> 56); }
  constexpr std::uint32_t generation() const {
    return static_cast<std::uint32_t>(bits_ >> 32) & generation_max;
  }
  constexpr std::uint32_t slot() const { return static_cast<std::uint32_t>(bits_); }
  // A token with the same slot and generation, for a token that names no operation yet.
  constexpr Token with(Operation operation) const {
    return Token(bits_ | std::uint64_t{static_cast<std::uint8_t>(operation)} << 56);
  }
  constexpr std::uint64_t bits() const { return bits_; }
  constexpr bool operator==(const Token&) const = default;

 private:
  std::uint64_t bits_ = 0;
};

struct Completion {
  Token token;
  std::int32_t result = 0;      // >= 0 as listed under Operation, else -errno
  bool more = false;            // a multishot goes on; if false, it has ended (ENG-021)
  BufferId buffer = no_buffer;  // a multishot receive's octets; the receiver must give it back
};

using Descriptor = int;

// Called around a wait that may block, and only then; the interpreter lock is released meanwhile.
struct WaitHook {
  void (*before)(void* context) = nullptr;
  void (*after)(void* context) = nullptr;
  void* context = nullptr;
};

struct EngineOptions {
  std::uint32_t receive_buffer_count = 512;  // a power of two
  std::uint32_t receive_buffer_bytes = 4096;
  std::uint32_t submission_entries = 256;
  std::uint32_t completion_entries = 2048;  // at least 4 x submission_entries (LIM-205)
  bool one_thread = true;                   // only the thread that opens the engine uses it
  // A turn that may wait does not first check whether completions are ready. That saves a system
  // call if a turn has little to do, and costs a call of the hook if it has much.
  bool waits_at_once = false;
};

inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

// How far a peer has ended its connection.
enum class PeerState : std::uint8_t {
  open,
  finished,  // its FIN has come; octets before the FIN may still wait unread
  gone,      // RST, or the network has given up
};

// Trouble that an engine in use cannot overcome by itself.
enum class Trouble : std::uint8_t {
  none,      // `starved` is over
  starved,   // nothing could be submitted for a second: begin no new work (ENG-034)
  unusable,  // starved too long, or an operation that worked is refused: finish and end (ENG-036)
  broken,    // operations may never complete: finish what still can be, and end (ENG-032)
};

// Called on the engine's thread, from within turn() or from a prepare call that finds the ring's
// queue full, with the errno that is the cause. Only `starved` can be over again.
struct TroubleHook {
  void (*call)(void* context, Trouble trouble, int error) = nullptr;
  void* context = nullptr;
};

class Engine {
 public:
  virtual ~Engine() = default;

  void tell_trouble_to(TroubleHook hook) { trouble_hook_ = hook; }

  virtual EngineKind kind() const = 0;

  // Prepare calls: bookkeeping until turn(), but a ring whose queue is full submits. The memory
  // passed belongs to the engine until the operation's last completion. At most one operation of a
  // kind is in flight per descriptor.
  virtual void accept(Token token, Descriptor listener) = 0;
  // Ends with the first connection. A connection wakes only one of the accept_one() operations on a
  // listener, in any process, and they take turns.
  virtual void accept_one(Token token, Descriptor listener) = 0;
  virtual void receive(Token token, Descriptor socket) = 0;
  virtual void receive_into(Token token, Descriptor socket, std::span<char> memory) = 0;
  virtual void send(Token token, Descriptor socket, std::span<const char> octets) = 0;
  virtual void shutdown(Token token, Descriptor socket) = 0;
  virtual void close(Token token, Descriptor descriptor) = 0;
  virtual void cancel(Token token, Token target) = 0;
  virtual void poll(Token token, Descriptor descriptor, std::uint32_t events) = 0;
  // For a descriptor that is watched for long. Some engines let the poll go on (`more`), with one
  // completion a turn while the descriptor is ready, until it is cancelled; with the others it ends
  // with the first completion, as poll() does.
  virtual void poll_lasting(Token token, Descriptor descriptor, std::uint32_t events) {
    poll(token, descriptor, events);
  }
  // The same for a caller that reads everything after each completion: an engine that gains by it
  // does not report the same readiness again until more arrives. With POLLRDHUP, POLLHUP or POLLERR
  // in the result nothing more will come; with POLLPRI but not POLLRDBAND a read stops at urgent
  // data. In both cases the caller must read to the end.
  virtual void poll_news(Token token, Descriptor descriptor, std::uint32_t events) {
    poll_lasting(token, descriptor, events);
  }
  virtual void nop(Token token) = 0;

  // send(2) at once, for an engine that gains by it; returns the octets taken, or -errno. -EAGAIN
  // also if the engine prefers a send(). A send() of the rest need not complete at once. Not while
  // a send() is in flight on the socket.
  virtual std::int32_t send_at_once(Descriptor socket, std::span<const char> octets) = 0;

  // Sends octets of a regular file from `offset` on without copying them to this process. Returns
  // how many were taken, 0 at the file's end, or -errno: -EAGAIN if the socket is full, -EOPNOTSUPP
  // if the caller must read and send instead. Not while a send() is in flight on the socket.
  virtual std::int64_t send_file_at_once(Descriptor /*socket*/, Descriptor /*file*/,
                                         std::uint64_t /*offset*/, std::size_t /*bytes*/) {
    return -EOPNOTSUPP;
  }

  // Whether octets have arrived that no receive has taken yet. Only while no receive is in flight
  // on the socket; false also if it cannot be found out.
  virtual bool has_unread(Descriptor socket) = 0;

  // For use without a receive in flight, which would report the end (CON-045). One system call.
  virtual PeerState peer_state(Descriptor socket) = 0;

  // Closes a socket at once with RST (SO_LINGER 0), for peers that are cut (CON-032). Only after
  // every operation on the socket has completed.
  virtual void reset(Descriptor socket) = 0;

  // Submits the prepared operations and returns how many completions were written to `out`. Waits
  // for the first one until `deadline_ns` on CLOCK_MONOTONIC: for ever with no_deadline, not at all
  // with a past time. Calls `hook` around a wait that may block. An empty `out` only submits.
  virtual std::size_t turn(std::span<Completion> out, std::uint64_t deadline_ns,
                           const WaitHook& hook) = 0;

  // Whether the last turn() left completions behind: `out` was full, or the kernel gave no more at
  // once.
  virtual bool left_behind() const = 0;

  virtual ReceiveBuffers& buffers() = 0;
  // Prepared operations whose last completion has not been returned yet.
  virtual std::size_t operations_in_flight() const = 0;

 protected:
  void tell(Trouble trouble, int error) const {
    if (serves()) trouble_hook_.call(trouble_hook_.context, trouble, error);
  }
  // Whether a server uses the engine. Before that it is on trial, and its errors are the results.
  bool serves() const { return trouble_hook_.call != nullptr; }

 private:
  TroubleHook trouble_hook_;
};

}  // namespace pelton::uring

// The engine contract without a kernel: octets that a peer delivers become receive completions, and
// octets sent become a string that the peer takes. The test client uses it; the scripted engine of
// the tests adds faults.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uring/engine.hpp"
#include "uring/memory/buffer_stack.hpp"
#include "uring/memory/completion_queue.hpp"
#include "uring/memory/submission.hpp"

namespace pelton::uring {

// The far end of one in-memory connection; invalid after hang_up().
struct Peer {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  bool operator==(const Peer&) const = default;
};

class MemoryEngine : public Engine {
 public:
  explicit MemoryEngine(const EngineOptions& options = {});
  MemoryEngine(const MemoryEngine&) = delete;
  MemoryEngine& operator=(const MemoryEngine&) = delete;

  // Descriptors start above those of a kernel: a system call on one by mistake fails with EBADF.
  static constexpr Descriptor descriptor_first = 1 << 24;

  EngineKind kind() const override { return EngineKind::memory; }
  void accept(Token token, Descriptor listener) override;
  void accept_one(Token token, Descriptor listener) override;
  void receive(Token token, Descriptor socket) override;
  void receive_into(Token token, Descriptor socket, std::span<char> memory) override;
  void send(Token token, Descriptor socket, std::span<const char> octets) override;
  // There is no system call to save: always -EAGAIN, unless the scripted engine overrides it.
  std::int32_t send_at_once(Descriptor, std::span<const char>) override { return -EAGAIN; }
  void shutdown(Token token, Descriptor socket) override;
  void close(Token token, Descriptor descriptor) override;
  void cancel(Token token, Token target) override;
  // A descriptor of another kind never becomes ready; its poll ends only by cancel.
  void poll(Token token, Descriptor descriptor, std::uint32_t events) override;
  void nop(Token token) override;
  bool has_unread(Descriptor socket) override {
    const Socket* const found = find(socket);
    return found != nullptr && !found->broken && found->readable() > 0;
  }
  PeerState peer_state(Descriptor socket) override {
    const Socket* const found = find(socket);
    if (found == nullptr || found->broken) return PeerState::gone;
    return found->peer_finished ? PeerState::finished : PeerState::open;
  }
  void reset(Descriptor socket) override;
  // Never blocks: returns 0 at once if nothing is ready; the owner of the virtual clock moves time.
  std::size_t turn(std::span<Completion> out, std::uint64_t deadline_ns,
                   const WaitHook& hook) override;
  bool left_behind() const override { return completions_.size() != 0 || !active_.empty(); }
  ReceiveBuffers& buffers() override { return buffers_; }
  std::size_t operations_in_flight() const override { return in_flight_; }

  // --- the world outside the server ---

  Descriptor listen();
  // Enters the listener's backlog; octets may be delivered before the accept.
  Peer connect(Descriptor listener);

  // The octets join those not received yet, as with TCP.
  void deliver(Peer peer, std::string_view octets);
  // The same, but no receive crosses the end of a piece. `piece_bytes` are the sizes of the pieces;
  // the remaining octets are the last piece.
  void deliver(Peer peer, std::string_view octets, std::span<const std::size_t> piece_bytes);
  void finish(Peer peer);  // FIN: the peer delivers no more, but sends still arrive
  void reset(Peer peer);   // RST: the next operation of the server fails
  // The peer closes its end: RST if it leaves octets unread, else FIN, and RST for later sends. The
  // handle is invalid from then on.
  void hang_up(Peer peer);

  // Takes the octets that have arrived at the peer; sent() shows them and leaves them there.
  std::string take_sent(Peer peer);
  std::string_view sent(Peer peer) const;
  // The most octets the peer holds untaken; further sends are short or wait. 0 is a closed window.
  void set_window(Peer peer, std::size_t bytes);

  bool closed(Peer peer) const;           // the server closed its descriptor
  bool server_shutdown(Peer peer) const;  // the server's FIN came: by shutdown, or by close
  bool server_reset(Peer peer) const;     // RST came: reset(), or a close with octets unread

 protected:
  static constexpr std::size_t bytes_unlimited = std::numeric_limits<std::size_t>::max();

  // An operation that could make progress now; fate() decides what happens to it.
  struct Occasion {
    Operation operation = Operation::none;
    Descriptor descriptor = -1;
    std::size_t available = 0;  // octets, or connections in the backlog
    bool leased_buffers = false;
  };
  struct Fate {
    int error = 0;                            // fails with this errno instead
    std::size_t bytes_max = bytes_unlimited;  // moves no more octets than this
    bool ends = false;                        // a multishot ends with this result
    bool waits = false;                       // does nothing now: wake() tries it again
  };
  virtual Fate fate(const Occasion& occasion);
  // Every completion passes here on its way to the caller.
  virtual void post(const Completion& completion);
  virtual void prepared(const Submission& submission);
  // Performs a cancel and returns its result.
  virtual std::int32_t cancel_now(Token target);

  void submit();
  void progress(std::size_t completions_max);
  std::size_t reap(std::span<Completion> out);
  std::size_t completions_waiting() const { return completions_.size(); }
  void push_completion(const Completion& completion) { completions_.push(completion); }
  // Tries the descriptor's operations again in the next turn.
  void wake(Descriptor descriptor);
  Descriptor descriptor_of(Peer peer) const;
  // For a send_at_once() of a derived engine: performs a send now.
  std::int32_t send_now(Descriptor socket, std::span<const char> octets);
  bool in_flight(Token target) const;
  // Ends the operation in flight under the token; false if there is none.
  bool end_operation(Token target, int error);
  bool is_listening(Descriptor descriptor);
  // The network gives the connection up: the caller reports the errno with one operation; later
  // operations find the stream broken.
  void lose(Descriptor socket);
  BufferStack& buffer_stack() { return buffers_; }
  // A descriptor for a connection that no peer made; its end has come already.
  Descriptor open_stray();
  // Counts an operation that reap() will return although it was never prepared.
  void count_stray() { ++in_flight_; }

 private:
  enum class Role : std::uint8_t { unused, listener, stream };
  enum class Server : std::uint8_t { none, backlog, holds, dropped };
  enum Pending : std::uint8_t { input = 1, output = 2, polling = 4 };

  struct Socket {
    Role role = Role::unused;
    Server server = Server::none;
    std::uint8_t pending = 0;
    bool active = false;  // is in active_
    bool accepts_one = false;
    bool peer_open = false;  // the peer holds its handle
    bool peer_finished = false;
    bool broken = false;     // a RST was sent or received: no octets move any more
    bool shut = false;       // the server has sent its FIN
    bool was_reset = false;  // the server has sent a RST
    int error = 0;           // reported once, to the next operation
    std::uint32_t generation = 0;
    std::uint32_t poll_events = 0;
    Token input_token;
    Token output_token;
    Token poll_token;
    char* input_memory = nullptr;
    std::size_t input_bytes = 0;
    const char* output_octets = nullptr;
    std::size_t output_bytes = 0;
    std::string inbox;
    std::size_t inbox_taken = 0;
    std::vector<std::size_t> piece_ends;  // offsets into the inbox
    std::size_t pieces_taken = 0;
    std::string outbox;
    std::size_t window_bytes = bytes_unlimited;
    std::vector<std::uint32_t> backlog;

    std::size_t readable() const { return inbox.size() - inbox_taken; }
  };

  // A kernel, too, interrupts a long multishot receive to let others run.
  static constexpr std::size_t receives_per_turn_max = 32;

  Socket* find(Descriptor descriptor);
  Socket& far_end(Peer peer);
  const Socket& far_end(Peer peer) const;
  std::uint32_t claim(Role role);
  void free_if_forgotten(std::uint32_t index);
  void activate(std::uint32_t index);
  void prepare(const Submission& submission);
  void perform(const Submission& submission);
  void perform_poll(const Submission& submission);
  int perform_shutdown(Descriptor descriptor);
  int perform_close(Descriptor descriptor);
  bool end_pending(Socket& socket, const Token* target, int error);
  void drop_server_side(std::uint32_t index, bool with_reset);
  void break_stream(Socket& socket, int error);
  std::size_t piece_left(const Socket& socket) const;
  static void consume(Socket& socket, std::size_t bytes);
  void advance(std::uint32_t index);
  void advance_accept(std::uint32_t index);
  void advance_receive(std::uint32_t index);
  bool receive_once(Socket& socket, Descriptor descriptor);
  void advance_send(std::uint32_t index);
  std::int32_t take_output(std::uint32_t index, std::span<const char> octets);
  void advance_poll(Socket& socket);
  std::uint32_t ready_events(const Socket& socket) const;
  void end_input(Socket& socket, std::int32_t result, BufferId buffer = no_buffer);

  BufferStack buffers_;
  std::deque<Socket> sockets_;
  std::vector<std::uint32_t> unused_;
  std::vector<std::uint32_t> active_;
  std::vector<std::uint32_t> advancing_;
  std::vector<Submission> submissions_;
  std::vector<Token> foreign_polls_;
  CompletionQueue completions_;
  std::size_t in_flight_ = 0;
};

}  // namespace pelton::uring

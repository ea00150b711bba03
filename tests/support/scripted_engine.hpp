// The memory engine plus faults: every cut, delay, errno and act of a peer is drawn from one seed
// and happens in virtual time, which turn() moves on instead of waiting. It does only what a kernel
// or a network can do: octets of one direction are never lost, doubled or reordered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "tests/support/script.hpp"
#include "tests/support/seeded_random.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::support {

enum class Ending : std::uint8_t {
  waits,        // keeps its end open until the server has finished
  half_closes,  // FIN after its last octet, and reads on
};

// The history of one scripted peer.
struct PeerRecord {
  std::string received;        // every octet the server sent, in order
  std::size_t delivered = 0;   // how many of its octets went out
  bool refused = false;        // nobody was listening
  bool cut = false;            // the script ended it early: FIN, half-close or RST
  bool reset_by_peer = false;  // by RST, so octets on their way may be lost
  bool lost = false;           // an injected errno killed the connection
  bool faulted = false;        // an operation on the connection got an injected errno
  bool saw_finish = false;     // the server's FIN came
  bool saw_reset = false;      // the server's RST came
  bool gone = false;           // nothing more will happen to it
};

// How often each fault of the script happened.
struct Doings {
  std::uint64_t stale_completions = 0;
  std::uint64_t multishots_ended = 0;
  std::uint64_t short_sends = 0;
  std::uint64_t cancels_raced = 0;
  std::map<std::pair<uring::Operation, int>, std::uint64_t> errors;
  bool operator==(const Doings&) const = default;
};

class ScriptedEngine final : public uring::MemoryEngine {
 public:
  // The caller owns the clock and passes it to the loop; only turn() moves it.
  ScriptedEngine(Script script, std::uint64_t seed, VirtualClock& clock);
  // Everything is drawn from the tape; after its end no fault happens.
  ScriptedEngine(Script script, std::span<const std::uint8_t> tape, VirtualClock& clock);

  // For SCOPED_TRACE: the seed, the script, and how to repeat the run.
  std::string story() const;

  // Adds a peer that connects soon, sends `octets` in pieces of the script's choice and ends as
  // `ending` says. Returns its number.
  std::size_t play(uring::Descriptor listener, std::string octets, Ending ending);
  const PeerRecord& record(std::size_t peer) const { return players_[peer].record; }
  // Whether every peer is gone and nothing is scheduled.
  bool quiet() const { return live_.empty() && events_.empty() && held_.empty(); }
  const Doings& doings() const { return doings_; }
  // The longest time from an errno on a connection or listener to the server's next operation
  // there, or the end (ENG-015). Counts only stalls that are over.
  std::uint64_t longest_stall_ns() const { return longest_stall_ns_; }

  // Moves virtual time to the next event, at most to the deadline (a tick early or late if the
  // script says so). Returns 0 without moving the time if no event will ever come.
  std::size_t turn(std::span<uring::Completion> out, std::uint64_t deadline_ns,
                   const uring::WaitHook& hook) override;
  std::int32_t send_at_once(uring::Descriptor socket, std::span<const char> octets) override;
  // The octets meet the fate of a send.
  std::int64_t send_file_at_once(uring::Descriptor socket, uring::Descriptor file,
                                 std::uint64_t offset, std::size_t bytes) override;
  using MemoryEngine::reset;
  void reset(uring::Descriptor socket) override;

 private:
  enum class Act : std::uint8_t { connect, speak, read, hang_up, wake, end_target, release };
  enum class Cut : std::uint8_t { none, finish, half_close, reset };

  struct Event {
    std::uint64_t at_ns = 0;
    std::uint64_t order = 0;
    Act act = Act::wake;
    std::uint64_t subject = 0;  // a player, a descriptor, or a token's bits
    bool operator>(const Event& other) const {
      return std::pair(at_ns, order) > std::pair(other.at_ns, other.order);
    }
  };

  struct Player {
    PeerRecord record;
    uring::Descriptor listener = -1;
    uring::Peer peer;
    std::string octets;
    std::size_t speaks_until = 0;
    Cut cut = Cut::none;
    Ending ending = Ending::waits;
    bool connected = false;
    bool reading = true;
    bool reads_slowly = false;
    bool silent = false;  // has sent its FIN
    bool leaving = false;
  };

  struct Held {
    std::uint64_t until_ns = 0;
    uring::Completion completion;
  };

  struct Final {
    uring::Token token;
    std::int32_t result = 0;
  };

  Fate fate(const Occasion& occasion) override;
  void post(const uring::Completion& completion) override;
  void post_ending(const uring::Completion& completion);
  void prepared(const uring::Submission& submission) override;
  std::int32_t cancel_now(uring::Token target) override;

  int draw_error(const Occasion& occasion);
  void note_fault(uring::Descriptor socket, bool lost);
  void end_stall(uring::Descriptor descriptor, uring::Operation operation);
  void end_stalls(uring::Descriptor descriptor);
  void schedule(Act act, std::uint64_t subject, std::uint64_t delay_ns);
  std::uint64_t pause_ns();
  std::uint64_t lateness_ns();
  void act_on(const Event& event);
  void connect_player(std::size_t number);
  void speak(std::size_t number);
  void end_speech(std::size_t number);
  void leave(std::size_t number);
  void read_late(std::size_t number);
  void read_as_peers();
  void take_octets(Player& player);
  void tell();
  void hold(const uring::Completion& completion, std::uint64_t until_ns);
  void release_held();
  void repeat_stale(const Final& old);
  void late_wake(uring::Descriptor descriptor);
  void scribble_on_idle_buffers();
  void reach_deadline(std::uint64_t deadline_ns);

  Script script_;
  std::uint64_t seed_ = 0;
  SeededRandom random_;
  VirtualClock& clock_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t events_scheduled_ = 0;
  std::vector<Player> players_;
  std::vector<std::size_t> live_;
  std::vector<uring::Completion> fresh_;  // of this turn, not yet delivered
  std::vector<Held> held_;
  std::vector<uring::Token> racing_;  // cancelled with -EALREADY, not ended yet
  std::map<std::pair<uring::Operation, std::uint32_t>, Final> finals_;
  std::map<uring::Operation, std::uint64_t> occasions_;
  std::uint64_t burst_at_ns_ = uring::no_deadline;
  // When an operation failed with an errno; it has not been tried again since.
  std::map<std::pair<uring::Descriptor, uring::Operation>, std::uint64_t> stalls_;
  std::uint64_t longest_stall_ns_ = 0;
  Doings doings_;
};

}  // namespace pelton::support

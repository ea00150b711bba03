// HTTP/2 over a transport: frames become streams, each with an exchange of its own. Handlers are
// called, and frames are made, outside the codec's calls: requests that are ready wait in a list,
// from which a turn of the loop takes a slice, and at the end of a turn all streams together fill
// the one send of the connection.
//
//   open ──► noticed ──► draining ──► over
//     │                                ▲
//     └────────────────────────────────┘
//
// open: streams begin and end. noticed: the client knows that no stream should begin. draining: it
// knows which stream was the last. over: the last frame is queued (H2-040).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/intrusive_list.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/h2/codec.hpp"
#include "http/serve/exchange_handle.hpp"
#include "http/serve/sessions/h2_stream.hpp"
#include "http/serve/sessions/turn_slice.hpp"

namespace pelton::http {

class Connection;
struct Shared;
class Transport;

class H2Session final : public h2::ConnectionListener {
 public:
  H2Session(Connection& connection, Shared& shared);
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;
  ~H2Session();

  // --- for the connection ---

  // Waits for the client's preface. False if there is no memory.
  [[nodiscard]] bool begin();
  void received(std::string_view octets);
  // The peer's FIN.
  void peer_finished();
  // Begins the next slice of the requests that are ready.
  void go_on();
  // Called at the end of a turn for which the connection was scheduled: queues what is to leave.
  void settle();
  // Queued octets have left.
  void note_room();
  // All that was queued has left, or nearly.
  void resume_input();
  bool is_over() const { return life_ == Life::over; }
  bool is_idle() const { return streams_.empty() && life_ == Life::open; }
  // Since when it has been idle; no_deadline_ms if it is not.
  std::uint64_t idle_since_ms() const;
  std::uint64_t request_count() const { return request_count_; }
  bool has_exchange() const;
  // Acts on each deadline that had passed at `seen_ms`.
  void inspect(std::uint64_t seen_ms);
  std::uint64_t deadline_ms() const;
  // A graceful stop began.
  void drain();
  // The connection ends, and all exchanges with it.
  void drop(ExchangeEvent event, Reason reason);

  // --- for its streams ---

  h2::Codec& codec() { return *codec_; }
  void count_request();
  void note_head_ended() { head_deadline_ms_ = TimerWheel::no_deadline_ms; }
  void make_ready(H2Stream& stream);
  void bring_news(H2Stream& stream);
  // Octets of all streams that wait to be framed.
  std::uint64_t queued_bytes() const { return queued_bytes_; }
  void add_queued(std::size_t bytes) { queued_bytes_ += bytes; }
  void take_queued(std::size_t bytes) { queued_bytes_ -= bytes; }
  void note_data_sent() { window_updates_left_ += window_updates_per_frame; }
  // Octets have come for a body that is collected: the frame may carry next to nothing (H2-032).
  void note_collected() {
    if (frame_bytes_ < tiny_data_bytes) ++idle_frames_;
  }
  // A handler that outlives its stream counts as a stream while it holds this (H2-020).
  std::shared_ptr<const void> share_of_streams() const { return outliving_; }
  // There is no memory for a frame: the connection is cut.
  void lack_memory();
  // Destroys the stream.
  void erase(H2Stream& stream);

  // --- h2::ConnectionListener ---

  h2::StreamListener* began(h2::StreamId stream) override;
  Reason frame_arrives(const h2::FrameSeen& frame) override;
  void settings_arrived() override;
  void ping_answered() override;
  void reset_sent(h2::ErrorCode code) override;
  void ended(h2::ErrorCode code) override;

 private:
  enum class Life : std::uint8_t { open, noticed, draining, over };

  static constexpr std::uint64_t window_updates_per_frame = 2;
  static constexpr std::size_t tiny_data_bytes = 16;

  Transport& transport();
  const Transport& transport() const;
  // Streams that are open, or whose handlers run on.
  std::size_t streams_in_use() const {
    return streams_.size() + static_cast<std::size_t>(outliving_.use_count() - 1);
  }
  void serve_ready();
  void send();
  void say_last();
  void finish();
  void await(std::uint64_t ms);
  void note_idle();
  void fail(Reason reason);
  void end_calmly(Reason reason);

  Connection& connection_;
  Shared& shared_;
  std::unique_ptr<h2::Codec> codec_;
  std::vector<std::unique_ptr<H2Stream>> streams_;
  std::shared_ptr<const int> outliving_ = std::make_shared<int>();
  IntrusiveList<H2Stream, ReadyNode> ready_;
  IntrusiveList<H2Stream, NewsNode> news_;
  TurnSlice slice_;

  Life life_ = Life::open;
  bool has_settings_ = false;
  bool stopped_full_ = false;   // frames may wait for room in the queue
  bool warned_ = false;         // of too many idle frames
  Reason told_ = Reason::none;  // why the connection ends, once it was told
  std::uint64_t request_count_ = 0;
  std::uint64_t queued_bytes_ = 0;
  // Until the preface, the next request or the client's answer to a notice has come.
  std::uint64_t wait_deadline_ms_ = TimerWheel::no_deadline_ms;
  // Until the header list that arrives is whole.
  std::uint64_t head_deadline_ms_ = TimerWheel::no_deadline_ms;

  std::size_t frame_bytes_ = 0;  // of the frame that arrives

  // Budgets (H2-021, H2-032).
  std::uint64_t idle_frames_ = 0;
  std::uint64_t idle_frames_since_ms_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t resets_since_ms_ = 0;
  std::uint64_t window_updates_left_ = 0;
};

}  // namespace pelton::http

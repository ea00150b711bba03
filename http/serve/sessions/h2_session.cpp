#include "http/serve/sessions/h2_session.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

namespace {

constexpr std::uint64_t idle_window_ms = 10'000;
constexpr std::uint64_t resets_window_ms = 30'000;
constexpr std::uint64_t notice_ms = 1000;  // H2-040

constexpr std::uint8_t ack = 0x1;
constexpr std::uint8_t end_stream = 0x1;

}  // namespace

H2Session::H2Session(Connection& connection, Shared& shared)
    : connection_(connection), shared_(shared) {}

H2Session::~H2Session() {
  CHECK(streams_.empty());
}

Transport& H2Session::transport() {
  return connection_.transport();
}

const Transport& H2Session::transport() const {
  return connection_.transport();
}

bool H2Session::begin() {
  const ServerConfig& config = shared_.config;
  codec_ = shared_.h2->make({.streams_max = narrow(config.h2_streams_max),
                             .stream_window_bytes = narrow(config.h2_stream_window_bytes),
                             .connection_window_bytes = narrow(config.h2_connection_window_bytes),
                             .header_list_bytes_max = narrow(config.h2_header_list_bytes_max),
                             .continuation_frames_max = narrow(config.h2_continuation_frames_max),
                             .control_queue_max = narrow(config.h2_control_queue_max)},
                            *this);
  if (!codec_) return false;
  idle_frames_since_ms_ = resets_since_ms_ = shared_.clock.now_ms();
  await(config.header_timeout_ms);
  connection_.schedule();
  return true;
}

// --- octets in ---

void H2Session::received(std::string_view octets) {
  // Once the connection ends for a fault, what still comes is passed over.
  if (life_ == Life::over || told_ != Reason::none) return;
  const Reason reason = codec_->receive(octets);
  connection_.schedule();
  if (reason != Reason::none) return fail(reason);
  serve_ready();
  if (transport().sender().queued_bytes() > shared_.config.send_queue_bytes_high &&
      !transport().receiver().is_paused()) {
    connection_.pause_reading();
  }
}

// The connection ends after what is left to say.
void H2Session::fail(Reason reason) {
  if (reason == Reason::cut_memory) return lack_memory();
  told_ = reason;
  shared_.tell(reason, &connection_.ends());
  drop(ExchangeEvent::cancelled, reason);
}

// The client asks for too much.
void H2Session::end_calmly(Reason reason) {
  codec_->end(h2::ErrorCode::enhance_your_calm);
  fail(reason);
  connection_.schedule();
}

void H2Session::peer_finished() {
  if (life_ == Life::over) return connection_.finish_if_flushed();
  for (std::size_t index = streams_.size(); index-- != 0;) streams_[index]->peer_finished();
  if (streams_.empty()) {
    shared_.stats.count(Reason::closed_by_peer);
    return connection_.begin_close();
  }
  connection_.inspect_by(shared_.clock.now_ms() + Connection::peer_look_ms);
  say_last();
  connection_.schedule();
}

void H2Session::make_ready(H2Stream& stream) {
  if (!stream.ReadyNode::linked()) ready_.push_back(stream);
}

void H2Session::bring_news(H2Stream& stream) {
  if (!stream.NewsNode::linked()) news_.push_back(stream);
  connection_.schedule();
}

void H2Session::serve_ready() {
  while (H2Stream* const stream = ready_.pop_front()) {
    stream->go_on();
    if (transport().closing()) return;
    if (!ready_.empty() && slice_.is_over(shared_.turn, shared_.served_since_ns, shared_.clock)) {
      return connection_.go_on_in_turn();
    }
  }
}

void H2Session::go_on() {
  if (life_ == Life::over) return;
  transport().receiver().resume();
  serve_ready();
  connection_.schedule();
  connection_.read_on();
}

void H2Session::count_request() {
  ++request_count_;
  ++shared_.requests_begun;
  if (request_count_ == shared_.config.requests_per_connection_max) {
    shared_.stats.count(Reason::closed_request_count);
    drain();
  }
}

// --- octets out ---

void H2Session::settle() {
  if (life_ == Life::over) return;
  while (H2Stream* const stream = news_.pop_front()) stream->settle();
  if (transport().closing()) return;
  send();
}

// One send of the connection takes what all streams have, as far as the windows and the queue let
// it (H2-031).
void H2Session::send() {
  Output& output = transport().sender().output();
  if (transport().sender().queued_bytes() <= shared_.config.send_queue_bytes_high) {
    if (!codec_->send(output, shared_.config.send_queue_bytes_high)) return lack_memory();
  }
  stopped_full_ = transport().sender().queued_bytes() >= shared_.config.send_queue_bytes_high;
  if (resets_ > shared_.config.h2_resets_max && told_ == Reason::none) {
    end_calmly(Reason::cut_h2_resets);
    if (!codec_->send(output, shared_.config.connection_queue_bytes_max)) return lack_memory();
  }
  if (codec_->is_over()) finish();
}

void H2Session::note_room() {
  for (const auto& stream : streams_) stream->note_room();
  if (queued_bytes_ != 0 || stopped_full_) connection_.schedule();
}

// The last frame is queued.
void H2Session::finish() {
  drop(ExchangeEvent::cancelled, told_);
  life_ = Life::over;
  wait_deadline_ms_ = head_deadline_ms_ = TimerWheel::no_deadline_ms;
  transport().finish();
  connection_.finish_if_flushed();
}

void H2Session::lack_memory() {
  transport().sender().output().fail();
  connection_.schedule();
}

// Reading was paused because output was backed up, or in the middle of a slice.
void H2Session::resume_input() {
  if (life_ == Life::over || !ready_.empty()) return;
  transport().receiver().resume();
  connection_.recount();
  if (transport().receiver().peer_finished()) peer_finished();
  connection_.read_on();
}

// --- streams ---

h2::StreamListener* H2Session::began(h2::StreamId id) {
  head_deadline_ms_ = shared_.clock.now_ms() + shared_.config.header_timeout_ms;
  connection_.inspect_by(head_deadline_ms_);
  if (streams_in_use() >= shared_.config.h2_streams_max) return nullptr;
  if (life_ == Life::open) wait_deadline_ms_ = TimerWheel::no_deadline_ms;
  streams_.push_back(std::make_unique<H2Stream>(*this, connection_, id));
  return streams_.back().get();
}

void H2Session::erase(H2Stream& stream) {
  const auto found =
      std::ranges::find_if(streams_, [&](const auto& owner) { return owner.get() == &stream; });
  CHECK(found != streams_.end());
  std::swap(*found, streams_.back());
  streams_.pop_back();
  if (streams_.empty()) note_idle();
}

void H2Session::note_idle() {
  if (life_ != Life::open) return connection_.schedule();
  await(shared_.idle_ms);
}

bool H2Session::has_exchange() const {
  return std::ranges::any_of(streams_, [](const auto& stream) { return stream->has_exchange(); });
}

void H2Session::drop(ExchangeEvent event, Reason reason) {
  while (ready_.pop_front() != nullptr) {
  }
  while (news_.pop_front() != nullptr) {
  }
  while (!streams_.empty()) {
    const std::unique_ptr<H2Stream> stream = std::move(streams_.back());
    streams_.pop_back();
    codec_->forget(stream->id());
    stream->drop(event, reason);
  }
}

// --- what the codec sees ---

Reason H2Session::frame_arrives(const h2::FrameSeen& frame) {
  const ServerConfig& config = shared_.config;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  frame_bytes_ = frame.bytes;
  if (now_ms - resets_since_ms_ >= resets_window_ms) {
    resets_since_ms_ = now_ms;
    resets_ = 0;
  }
  if (now_ms - idle_frames_since_ms_ >= idle_window_ms) {
    idle_frames_since_ms_ = now_ms;
    idle_frames_ = 0;
  }
  switch (frame.type) {
    case h2::FrameType::headers:
      break;
    case h2::FrameType::continuation:
      if (frame.bytes == 0) ++idle_frames_;
      break;
    case h2::FrameType::data:
      if (frame.bytes == 0 && (frame.flags & end_stream) == 0) ++idle_frames_;
      break;
    case h2::FrameType::window_update:
      if (window_updates_left_ != 0) {
        --window_updates_left_;
      } else {
        ++idle_frames_;
      }
      break;
    case h2::FrameType::rst_stream:
      ++resets_;
      ++idle_frames_;
      break;
    case h2::FrameType::settings:
    case h2::FrameType::ping:
      if ((frame.flags & ack) == 0) ++idle_frames_;
      break;
    default:
      ++idle_frames_;
  }
  if (resets_ > config.h2_resets_max) return Reason::cut_h2_resets;
  if (idle_frames_ > config.h2_idle_frames_max) return Reason::cut_h2_flood;
  if (idle_frames_ > config.h2_idle_frames_max / 4 * 3 && !warned_) {
    warned_ = true;
    say_last();
  }
  return Reason::none;
}

void H2Session::settings_arrived() {
  if (std::exchange(has_settings_, true)) return;
  if (streams_.empty()) note_idle();
  if (shared_.stopping) drain();
}

void H2Session::reset_sent(h2::ErrorCode code) {
  ++resets_;
  if (code == h2::ErrorCode::protocol_error) {
    shared_.tell(Reason::refused_h2_malformed, &connection_.ends());
  } else if (code == h2::ErrorCode::refused_stream) {
    shared_.tell(Reason::shed_h2_streams, &connection_.ends());
  }
}

void H2Session::ended(h2::ErrorCode code) {
  if (told_ != Reason::none) return;
  told_ = code == h2::ErrorCode::compression_error ? Reason::cut_h2_compression
                                                   : Reason::cut_h2_protocol;
  shared_.tell(told_, &connection_.ends());
}

// --- the end ---

void H2Session::drain() {
  if (life_ != Life::open) return;
  for (const auto& stream : streams_) bring_news(*stream);  // WebSockets hear of a stop
  life_ = Life::noticed;
  codec_->give_notice();
  await(notice_ms);
  connection_.schedule();
}

// The client has seen the notice, so every stream that it began before has arrived.
void H2Session::ping_answered() {
  if (life_ == Life::noticed) say_last();
}

void H2Session::say_last() {
  if (life_ == Life::draining || life_ == Life::over) return;
  life_ = Life::draining;
  wait_deadline_ms_ = TimerWheel::no_deadline_ms;
  codec_->say_last();
  connection_.schedule();
}

// --- time ---

void H2Session::await(std::uint64_t ms) {
  wait_deadline_ms_ = shared_.clock.now_ms() + ms;
  connection_.inspect_by(wait_deadline_ms_);
}

std::uint64_t H2Session::idle_since_ms() const {
  const bool idle = is_idle() && has_settings_ && wait_deadline_ms_ != TimerWheel::no_deadline_ms;
  return idle ? wait_deadline_ms_ - shared_.idle_ms : TimerWheel::no_deadline_ms;
}

std::uint64_t H2Session::deadline_ms() const {
  std::uint64_t next_ms = std::min(wait_deadline_ms_, head_deadline_ms_);
  for (const auto& stream : streams_) next_ms = std::min(next_ms, stream->deadline_ms());
  return next_ms;
}

void H2Session::inspect(std::uint64_t seen_ms) {
  if (life_ == Life::over) return;
  if (seen_ms >= head_deadline_ms_) {
    head_deadline_ms_ = TimerWheel::no_deadline_ms;
    return end_calmly(Reason::cut_h2_continuation);
  }
  if (seen_ms >= wait_deadline_ms_) {
    wait_deadline_ms_ = TimerWheel::no_deadline_ms;
    if (!has_settings_) return connection_.cut(Reason::cut_h2_preface);
    if (life_ == Life::open) shared_.stats.count(Reason::closed_keep_alive);
    return say_last();
  }
  for (const auto& stream : streams_) stream->inspect(seen_ms);
}

}  // namespace pelton::http

#include "http/h2/nghttp2_codec.hpp"

#include <array>
#include <charconv>
#include <new>

#include "core/check.hpp"

namespace pelton::http::h2 {

namespace {

std::string_view text(const std::uint8_t* octets, std::size_t bytes) {
  return {reinterpret_cast<const char*>(octets), bytes};
}

nghttp2_nv pair(std::string_view name, std::string_view value) {
  // nghttp2 copies both and changes neither.
  const auto octets = [](std::string_view view) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(view.data()));
  };
  return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

bool is_request(const nghttp2_frame* frame) {
  return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

template <auto release>
struct Release {
  template <typename Object>
  void operator()(Object* object) const {
    release(object);
  }
};

}  // namespace

std::unique_ptr<Nghttp2Codec> Nghttp2Codec::make(const CodecSettings& settings,
                                                 ConnectionListener& listener) {
  std::unique_ptr<Nghttp2Codec> codec(new (std::nothrow) Nghttp2Codec(listener));
  if (codec && !codec->begin(settings)) codec.reset();
  return codec;
}

Nghttp2Codec::~Nghttp2Codec() {
  nghttp2_session_del(session_);
}

void Nghttp2Codec::prepare(nghttp2_session_callbacks& callbacks) {
  nghttp2_session_callbacks_set_on_begin_headers_callback(&callbacks, began);
  nghttp2_session_callbacks_set_on_header_callback(&callbacks, field);
  nghttp2_session_callbacks_set_on_invalid_header_callback(&callbacks, bad_field);
  nghttp2_session_callbacks_set_on_frame_recv_callback(&callbacks, frame_came);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(&callbacks, octets_came);
  nghttp2_session_callbacks_set_on_stream_close_callback(&callbacks, stream_closed);
  nghttp2_session_callbacks_set_on_frame_send_callback(&callbacks, frame_sent);
  nghttp2_session_callbacks_set_send_data_callback(&callbacks, put_part);
}

bool Nghttp2Codec::begin(const CodecSettings& settings) {
  nghttp2_session_callbacks* made_callbacks = nullptr;
  nghttp2_option* made_option = nullptr;
  if (nghttp2_session_callbacks_new(&made_callbacks) != 0) return false;
  const std::unique_ptr<nghttp2_session_callbacks, Release<nghttp2_session_callbacks_del>>
      callbacks(made_callbacks);
  if (nghttp2_option_new(&made_option) != 0) return false;
  const std::unique_ptr<nghttp2_option, Release<nghttp2_option_del>> option(made_option);
  prepare(*callbacks);
  // The windows follow what handlers take.
  nghttp2_option_set_no_auto_window_update(option.get(), 1);
  // RFC 9218: the urgency that a client gives a request, and changes later.
  nghttp2_option_set_builtin_recv_extension_type(option.get(), NGHTTP2_PRIORITY_UPDATE);
  // Clients that know no other priorities than those of RFC 7540 may say them.
  nghttp2_option_set_server_fallback_rfc7540_priorities(option.get(), 1);
  nghttp2_option_set_max_outbound_ack(option.get(), settings.control_queue_max);
  continuations_max_ = settings.continuation_frames_max;
#ifdef PELTON_NGHTTP2_COUNTS_CONTINUATIONS
  // Its own bound is lower than ours may be.
  nghttp2_option_set_max_continuations(option.get(), std::size_t{continuations_max_} + 1);
#endif
  if (nghttp2_session_server_new2(&session_, callbacks.get(), this, option.get()) != 0) {
    return false;
  }
  const std::array<nghttp2_settings_entry, 5> entries{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.header_list_bytes_max},
      // Priorities are those of RFC 9218.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      // RFC 8441: WebSockets.
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  }};
  return nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size()) ==
             0 &&
         nghttp2_session_set_local_window_size(
             session_, NGHTTP2_FLAG_NONE, 0,
             static_cast<std::int32_t>(settings.connection_window_bytes)) == 0;
}

StreamListener* Nghttp2Codec::stream(StreamId id) const {
  return static_cast<StreamListener*>(nghttp2_session_get_stream_user_data(session_, id));
}

// --- octets in ---

Reason Nghttp2Codec::receive(std::string_view octets) {
  CHECK(!failed_);
  while (!octets.empty()) {
    const FrameScanner::Step step = scanner_.step(octets);
    if (step.begins_frame) {
      if (const Reason reason = judge(scanner_.head()); reason != Reason::none) {
        failed_ = true;
        return reason;
      }
    }
    const ssize_t read = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(octets.data()), step.bytes);
    octets.remove_prefix(step.bytes);
    if (read >= 0) continue;
    failed_ = true;
    if (read == NGHTTP2_ERR_NOMEM) return Reason::cut_memory;
    if (read == NGHTTP2_ERR_BAD_CLIENT_MAGIC) return Reason::cut_h2_preface;
    // NGHTTP2_ERR_FLOODED, or a stream's FieldVerdict::too_many.
    end(ErrorCode::enhance_your_calm);
    return Reason::cut_h2_flood;
  }
  return Reason::none;
}

// Why the connection ends with this frame; none if it does not.
Reason Nghttp2Codec::judge(const FrameScanner::Head& head) {
  switch (past_of(head)) {
    case Past::none:
    case Past::reset_by_us:
      break;
    case Past::closed:
      end(ErrorCode::stream_closed);
      return Reason::cut_h2_protocol;
    case Past::skipped:
      end(ErrorCode::protocol_error);
      return Reason::cut_h2_protocol;
  }
  continuations_ = head.type == FrameType::continuation ? continuations_ + 1 : 0;
  Reason reason =
      listener_.frame_arrives({.type = head.type, .flags = head.flags, .bytes = head.bytes});
  if (continuations_ > continuations_max_) reason = Reason::cut_h2_continuation;
  if (reason != Reason::none) end(ErrorCode::enhance_your_calm);
  return reason;
}

// nghttp2 forgets a stream that is closed, and passes over what comes for it. After a reset of ours
// that is right; else it is an error of the connection (RFC 9113 section 5.1).
Nghttp2Codec::Past Nghttp2Codec::past_of(const FrameScanner::Head& head) const {
  if (head.type == FrameType::priority && head.stream == 0) return Past::skipped;
  const bool is_message = head.type == FrameType::headers || head.type == FrameType::data;
  if (!is_message || head.stream > last_begun_ || head.stream == 0) return Past::none;
  if (nghttp2_session_find_stream(session_, head.stream) != nullptr) return Past::none;
  for (const ClosedStream& one : closed_) {
    if (one.id == head.stream) return one.reset_by_us ? Past::reset_by_us : Past::closed;
  }
  const bool is_old = closed_count_ > closed_.size();
  return is_old ? Past::none : Past::skipped;
}

int Nghttp2Codec::began(nghttp2_session* session, const nghttp2_frame* frame, void* data) {
  if (!is_request(frame)) return 0;
  self(data).last_begun_ = frame->hd.stream_id;
  StreamListener* const stream = self(data).listener_.began(frame->hd.stream_id);
  if (stream == nullptr) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                              NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
  return 0;
}

int Nghttp2Codec::field(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                        const std::uint8_t* name, std::size_t name_bytes, const std::uint8_t* value,
                        std::size_t value_bytes, std::uint8_t /*flags*/, void* data) {
  StreamListener* const stream = self(data).stream(frame->hd.stream_id);
  if (stream == nullptr) return 0;
  const std::string_view name_text = text(name, name_bytes);
  const std::string_view value_text = text(value, value_bytes);
  switch (is_request(frame) ? stream->field(name_text, value_text)
                            : stream->trailer(name_text, value_text)) {
    case FieldVerdict::taken:
      return 0;
    case FieldVerdict::malformed:
      self(data).reset(frame->hd.stream_id, ErrorCode::protocol_error);
      return 0;
    case FieldVerdict::too_many:
      return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  return 0;
}

// nghttp2 would leave such a field out.
int Nghttp2Codec::bad_field(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/,
                            const std::uint8_t* /*name*/, std::size_t /*name_bytes*/,
                            const std::uint8_t* /*value*/, std::size_t /*value_bytes*/,
                            std::uint8_t /*flags*/, void* /*data*/) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int Nghttp2Codec::frame_came(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* data) {
  Nghttp2Codec& codec = self(data);
  const bool is_ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (frame->hd.type == NGHTTP2_SETTINGS && !is_ack) codec.listener_.settings_arrived();
  if (frame->hd.type == NGHTTP2_PING && is_ack) codec.listener_.ping_answered();
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  StreamListener* const stream = codec.stream(frame->hd.stream_id);
  if (stream == nullptr) return 0;
  if (is_request(frame)) stream->head_ended();
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) stream->message_ended();
  return 0;
}

int Nghttp2Codec::octets_came(nghttp2_session* /*session*/, std::uint8_t /*flags*/, StreamId id,
                              const std::uint8_t* octets, std::size_t bytes, void* data) {
  if (StreamListener* const stream = self(data).stream(id)) {
    stream->data(text(octets, bytes));
  } else {
    self(data).consume(id, bytes);
  }
  return 0;
}

int Nghttp2Codec::stream_closed(nghttp2_session* session, StreamId id, std::uint32_t code,
                                void* data) {
  Nghttp2Codec& codec = self(data);
  codec.closed_[codec.closed_count_++ % codec.closed_.size()] = {
      .id = id, .reset_by_us = id == codec.reset_sent_};
  StreamListener* const stream = codec.stream(id);
  if (stream == nullptr) return 0;
  nghttp2_session_set_stream_user_data(session, id, nullptr);
  stream->closed(ErrorCode(code));
  return 0;
}

// --- octets out ---

bool Nghttp2Codec::send(Output& output, std::size_t bytes_max) {
  output_ = &output;
  output_bytes_max_ = bytes_max;
  while (output.size() < bytes_max) {
    const std::uint8_t* octets = nullptr;
    const ssize_t bytes = nghttp2_session_mem_send(session_, &octets);
    if (bytes < 0) output.fail();
    if (bytes <= 0 || !output.append(text(octets, static_cast<std::size_t>(bytes)))) break;
  }
  output_ = nullptr;
  return !output.has_failed();
}

bool Nghttp2Codec::is_over() const {
  const bool reads = !failed_ && nghttp2_session_want_read(session_) != 0;
  return !reads && nghttp2_session_want_write(session_) == 0;
}

int Nghttp2Codec::frame_sent(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* data) {
  ConnectionListener& listener = self(data).listener_;
  const bool is_message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (is_message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    if (StreamListener* const stream = self(data).stream(frame->hd.stream_id)) {
      stream->response_sent();
    }
  }
  if (frame->hd.type == NGHTTP2_RST_STREAM) self(data).reset_sent_ = frame->hd.stream_id;
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
    listener.reset_sent(ErrorCode(frame->rst_stream.error_code));
  }
  if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
    listener.ended(ErrorCode(frame->goaway.error_code));
  }
  return 0;
}

ssize_t Nghttp2Codec::next_part(nghttp2_session* /*session*/, StreamId id, std::uint8_t* /*room*/,
                                std::size_t bytes_max, std::uint32_t* flags,
                                nghttp2_data_source* /*source*/, void* data) {
  StreamListener* const stream = self(data).stream(id);
  if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;
  const BodyPart part = stream->next_part(bytes_max);
  if (part.bytes == 0 && !part.ends) return NGHTTP2_ERR_DEFERRED;
  *flags = NGHTTP2_DATA_FLAG_NO_COPY;
  if (part.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (part.has_trailers) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  return static_cast<ssize_t>(part.bytes);
}

int Nghttp2Codec::put_part(nghttp2_session* /*session*/, nghttp2_frame* frame,
                           const std::uint8_t* head, std::size_t bytes,
                           nghttp2_data_source* /*source*/, void* data) {
  Nghttp2Codec& codec = self(data);
  Output& output = *codec.output_;
  StreamListener* const stream = codec.stream(frame->hd.stream_id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (output.size() >= codec.output_bytes_max_) return NGHTTP2_ERR_WOULDBLOCK;
  if (!output.make_room(frame_head_bytes + bytes)) return NGHTTP2_ERR_CALLBACK_FAILURE;
  const bool is_put = stream->put_part(output, text(head, frame_head_bytes), bytes);
  return is_put ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

// --- calls in ---

std::span<const nghttp2_nv> Nghttp2Codec::list_of(std::string_view status,
                                                  std::span<const FieldView> fields) {
  list_.clear();
  if (!status.empty()) list_.push_back(pair(":status", status));
  for (const FieldView& field : fields) list_.push_back(pair(field.name, field.value));
  return list_;
}

bool Nghttp2Codec::respond(StreamId stream, std::uint16_t status, std::span<const FieldView> fields,
                           bool has_body) {
  std::array<char, 3> digits;
  std::to_chars(digits.data(), digits.data() + digits.size(), status);
  const auto list = list_of({digits.data(), digits.size()}, fields);
  const nghttp2_data_provider body{.source = {}, .read_callback = next_part};
  return nghttp2_submit_response(session_, stream, list.data(), list.size(),
                                 has_body ? &body : nullptr) == 0;
}

bool Nghttp2Codec::inform(StreamId stream, std::uint16_t status,
                          std::span<const FieldView> fields) {
  std::array<char, 3> digits;
  std::to_chars(digits.data(), digits.data() + digits.size(), status);
  const auto list = list_of({digits.data(), digits.size()}, fields);
  return nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream, nullptr, list.data(),
                                list.size(), nullptr) == 0;
}

bool Nghttp2Codec::trail(StreamId stream, std::span<const FieldView> fields) {
  const auto list = list_of({}, fields);
  return nghttp2_submit_trailer(session_, stream, list.data(), list.size()) == 0;
}

void Nghttp2Codec::resume(StreamId stream) {
  nghttp2_session_resume_data(session_, stream);
}

void Nghttp2Codec::reset(StreamId stream, ErrorCode code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, static_cast<std::uint32_t>(code));
}

void Nghttp2Codec::forget(StreamId stream) {
  nghttp2_session_set_stream_user_data(session_, stream, nullptr);
}

void Nghttp2Codec::consume(StreamId stream, std::size_t bytes) {
  nghttp2_session_consume_connection(session_, bytes);
  nghttp2_session_consume_stream(session_, stream, bytes);
}

void Nghttp2Codec::give_notice() {
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

void Nghttp2Codec::say_last() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Nghttp2Codec::end(ErrorCode code) {
  nghttp2_session_terminate_session(session_, static_cast<std::uint32_t>(code));
}

}  // namespace pelton::http::h2

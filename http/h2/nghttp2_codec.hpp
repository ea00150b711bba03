// A codec on nghttp2.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <memory>
#include <vector>

#include "http/h2/codec.hpp"
#include "http/h2/frame_scanner.hpp"

namespace pelton::http::h2 {

class Nghttp2Codec final : public Codec {
 public:
  Nghttp2Codec(const Nghttp2Codec&) = delete;
  Nghttp2Codec& operator=(const Nghttp2Codec&) = delete;
  // Null if there is no memory.
  static std::unique_ptr<Nghttp2Codec> make(const CodecSettings& settings,
                                            ConnectionListener& listener);
  ~Nghttp2Codec() override;

  Reason receive(std::string_view octets) override;
  bool send(Output& output, std::size_t bytes_max) override;
  bool is_over() const override;
  bool respond(StreamId stream, std::uint16_t status, std::span<const FieldView> fields,
               bool has_body) override;
  bool inform(StreamId stream, std::uint16_t status, std::span<const FieldView> fields) override;
  bool trail(StreamId stream, std::span<const FieldView> fields) override;
  void resume(StreamId stream) override;
  void reset(StreamId stream, ErrorCode code) override;
  void forget(StreamId stream) override;
  void consume(StreamId stream, std::size_t bytes) override;
  void give_notice() override;
  void say_last() override;
  void end(ErrorCode code) override;

 private:
  explicit Nghttp2Codec(ConnectionListener& listener) : listener_(listener) {}

  bool begin(const CodecSettings& settings);
  static void prepare(nghttp2_session_callbacks& callbacks);
  std::span<const nghttp2_nv> list_of(std::string_view status, std::span<const FieldView> fields);
  StreamListener* stream(StreamId id) const;

  static Nghttp2Codec& self(void* data) { return *static_cast<Nghttp2Codec*>(data); }
  static int began(nghttp2_session* session, const nghttp2_frame* frame, void* data);
  static int field(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                   std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes,
                   std::uint8_t flags, void* data);
  static int bad_field(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_bytes, const std::uint8_t* value,
                       std::size_t value_bytes, std::uint8_t flags, void* data);
  static int frame_came(nghttp2_session* session, const nghttp2_frame* frame, void* data);
  static int octets_came(nghttp2_session* session, std::uint8_t flags, StreamId id,
                         const std::uint8_t* octets, std::size_t bytes, void* data);
  static int stream_closed(nghttp2_session* session, StreamId id, std::uint32_t code, void* data);
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* data);
  static ssize_t next_part(nghttp2_session* session, StreamId id, std::uint8_t* room,
                           std::size_t bytes_max, std::uint32_t* flags, nghttp2_data_source* source,
                           void* data);
  static int put_part(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* head,
                      std::size_t bytes, nghttp2_data_source* source, void* data);

  // A frame for a stream that is not open any more, or was skipped.
  enum class Past : std::uint8_t { none, reset_by_us, closed, skipped };

  struct ClosedStream {
    StreamId id = 0;
    bool reset_by_us = false;
  };

  Reason judge(const FrameScanner::Head& head);
  Past past_of(const FrameScanner::Head& head) const;

  ConnectionListener& listener_;
  nghttp2_session* session_ = nullptr;
  FrameScanner scanner_;
  std::uint32_t continuations_ = 0;  // of the header block that arrives
  std::uint32_t continuations_max_ = 0;
  std::vector<nghttp2_nv> list_;
  StreamId last_begun_ = 0;
  std::array<ClosedStream, 128> closed_;  // last; a ring
  std::size_t closed_count_ = 0;
  StreamId reset_sent_ = 0;   // the stream reset last
  Output* output_ = nullptr;  // within send()
  std::size_t output_bytes_max_ = 0;
  bool failed_ = false;  // nothing more may be received
};

class Nghttp2CodecSource final : public CodecSource {
 public:
  std::unique_ptr<Codec> make(const CodecSettings& settings,
                              ConnectionListener& listener) override {
    return Nghttp2Codec::make(settings, listener);
  }
};

}  // namespace pelton::http::h2

// HTTP/2 frames and header lists of one connection (RFC 9113, RFC 7541), read and written by a
// library behind this interface: who does not use HTTP/2 does not load it. A codec is octets in and
// calls out, calls in and octets out; it calls its listeners only within receive() and send().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/message/field.hpp"

namespace pelton::http::h2 {

using StreamId = std::int32_t;

// RFC 9113 section 7.
enum class ErrorCode : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  flow_control_error = 0x3,
  settings_timeout = 0x4,
  stream_closed = 0x5,
  frame_size_error = 0x6,
  refused_stream = 0x7,
  cancel = 0x8,
  compression_error = 0x9,
  connect_error = 0xA,
  enhance_your_calm = 0xB,
};

// RFC 9113 section 6; further values are types that this server does not know.
enum class FrameType : std::uint8_t {
  data = 0x0,
  headers = 0x1,
  priority = 0x2,
  rst_stream = 0x3,
  settings = 0x4,
  push_promise = 0x5,
  ping = 0x6,
  goaway = 0x7,
  window_update = 0x8,
  continuation = 0x9,
};

struct FrameSeen {
  FrameType type;
  std::uint8_t flags;
  std::size_t bytes;  // of its payload
};

struct CodecSettings {
  std::uint32_t streams_max;
  std::uint32_t stream_window_bytes;
  std::uint32_t connection_window_bytes;
  std::uint32_t header_list_bytes_max;
  std::uint32_t continuation_frames_max;  // of one header block
  std::uint32_t control_queue_max;        // acknowledgements that wait to be sent
};

// How much of a response body leaves next.
struct BodyPart {
  std::size_t bytes = 0;  // 0 without `ends`: nothing now, until resume()
  bool ends = false;      // nothing follows these octets
  bool has_trailers = false;
};

enum class FieldVerdict : std::uint8_t {
  taken,
  malformed,  // the stream is reset with PROTOCOL_ERROR
  too_many,   // the connection ends with ENHANCE_YOUR_CALM
};

// Hears of one stream, from the beginning of its request until closed().
class StreamListener {
 public:
  // One field of the request's header list; pseudo-header fields come first, in any order. Names
  // are in lower case.
  virtual FieldVerdict field(std::string_view name, std::string_view value) = 0;
  virtual void head_ended() = 0;
  // One field of its trailer section, behind the body.
  virtual FieldVerdict trailer(std::string_view name, std::string_view value) = 0;
  // Octets of the request's body. They count against the windows until Codec::consume().
  virtual void data(std::string_view octets) = 0;
  // The request has arrived whole.
  virtual void message_ended() = 0;
  // The last frame of the response has left.
  virtual void response_sent() = 0;
  // The codec knows the stream no more; the listener may be destroyed within the call.
  virtual void closed(ErrorCode code) = 0;
  // What leaves of the response's body, at most `bytes_max`.
  virtual BodyPart next_part(std::size_t bytes_max) = 0;
  // Appends the head of their frame, and these octets; there is room for both. False if they were
  // dropped meanwhile: then the stream is reset.
  virtual bool put_part(Output& output, std::string_view frame_head, std::size_t bytes) = 0;

 protected:
  ~StreamListener() = default;
};

// Hears of the connection.
class ConnectionListener {
 public:
  // A request begins. Null: the stream is refused (REFUSED_STREAM).
  virtual StreamListener* began(StreamId stream) = 0;
  // A frame arrives. With a reason, which receive() returns, the connection
  // ends with ENHANCE_YOUR_CALM.
  virtual Reason frame_arrives(const FrameSeen& frame) = 0;
  virtual void settings_arrived() = 0;
  virtual void ping_answered() = 0;
  // A stream is reset; with PROTOCOL_ERROR because its request was none of HTTP (RFC 9113 section
  // 8.1.1).
  virtual void reset_sent(ErrorCode code) = 0;
  // The codec ends the connection for a fault of the peer's.
  virtual void ended(ErrorCode code) = 0;

 protected:
  ~ConnectionListener() = default;
};

class Codec {
 public:
  virtual ~Codec() = default;

  // Returns why the connection has to end, or none. After a reason nothing more may be received,
  // and what send() still appends tells the peer.
  [[nodiscard]] virtual Reason receive(std::string_view octets) = 0;
  // Appends frames until `output` holds `bytes_max` octets or nothing is ready. False if there is
  // no memory.
  [[nodiscard]] virtual bool send(Output& output, std::size_t bytes_max) = 0;
  // Neither are octets awaited nor will any leave.
  virtual bool is_over() const = 0;

  // The functions below queue frames for the next send(). Without memory they are false.

  // The head of a response, without its pseudo-header field. With a body, next_part() is asked.
  [[nodiscard]] virtual bool respond(StreamId stream, std::uint16_t status,
                                     std::span<const FieldView> fields, bool has_body) = 0;
  // An interim response (1xx).
  [[nodiscard]] virtual bool inform(StreamId stream, std::uint16_t status,
                                    std::span<const FieldView> fields) = 0;
  // After the part that ends with `has_trailers`, and within next_part() only.
  [[nodiscard]] virtual bool trail(StreamId stream, std::span<const FieldView> fields) = 0;
  // next_part() has something now.
  virtual void resume(StreamId stream) = 0;
  virtual void reset(StreamId stream, ErrorCode code) = 0;
  // The stream's listener is gone.
  virtual void forget(StreamId stream) = 0;
  // Octets of data() were taken: the windows open again, of the connection alone for a stream that
  // is closed.
  virtual void consume(StreamId stream, std::size_t bytes) = 0;
  // Says that no further stream should begin, while those on their way are served; and, a round
  // trip later, which was the last one (RFC 9113 section 6.8).
  virtual void give_notice() = 0;
  virtual void say_last() = 0;
  // Ends the connection once this has left.
  virtual void end(ErrorCode code) = 0;
};

class CodecSource {
 public:
  virtual ~CodecSource() = default;
  // Of the server's end of a connection, before its first octet; null if there is no memory.
  virtual std::unique_ptr<Codec> make(const CodecSettings& settings,
                                      ConnectionListener& listener) = 0;
};

// What a client that knows beforehand that the server speaks HTTP/2 sends first (RFC 9113 section
// 3.4).
inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace pelton::http::h2

// The body of a response that is made piece by piece: its framing, and how much has been written.
// ResponseWriter writes the head.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/stats.hpp"
#include "http/message/field.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http::h1 {

class StreamedBody {
 public:
  // The most that write() adds to a piece: a chunk's size and two line ends.
  static constexpr std::size_t frame_bytes_max = 20;

  enum class Framing : std::uint8_t {
    none,         // no body octet is sent: HEAD, 204, 205, 304
    length,       // as many octets as the handler declared (RSP-005)
    chunked,      // RSP-006
    until_close,  // to HTTP/1.0 (H1-085)
  };

  // Not yet for a response.
  StreamedBody() = default;
  StreamedBody(Framing framing, std::uint64_t declared_bytes, bool takes_trailers)
      : framing_(framing), left_bytes_(declared_bytes), takes_trailers_(takes_trailers) {}

  // False once further octets would not be sent: there is no body, or it has its declared length.
  bool wants_more() const {
    return framing_ != Framing::none && (framing_ != Framing::length || left_bytes_ != 0);
  }
  // Writes a piece, as one chunk if the body is chunked. Octets beyond the declared length are left
  // out (RSP-012); an empty piece writes nothing (RSP-021).
  void write(Output& output, std::string_view piece);
  // So many octets of the declared length were sent by another way (RSP-005).
  void pass(std::uint64_t bytes) {
    left_bytes_ -= bytes;
    body_bytes_ += bytes;
  }
  // Octets of the declared length that have not been written.
  std::uint64_t left_bytes() const { return left_bytes_; }
  // Completes the body. Trailers are sent only if the client takes them and the body is chunked;
  // others, and fields that may not be trailers (H1-068), are dropped and counted (RSP-022).
  void finish(Output& output, std::span<const FieldView> trailers, Stats& stats);

  // Only the end of the connection ends the body.
  bool ends_connection() const { return framing_ == Framing::until_close; }
  // Octets of the declared length that were never written.
  bool is_short() const { return framing_ == Framing::length && left_bytes_ != 0; }
  // More was written than declared.
  bool has_surplus() const { return surplus_; }
  // Body octets that were written, without their framing.
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  Framing framing_ = Framing::none;
  std::uint64_t left_bytes_ = 0;
  bool takes_trailers_ = false;
  bool surplus_ = false;
  std::uint64_t body_bytes_ = 0;
};

// The request says `TE: trailers` (RFC 9110 section 10.1.4).
bool takes_trailers(const RequestHead& request);

}  // namespace pelton::http::h1
